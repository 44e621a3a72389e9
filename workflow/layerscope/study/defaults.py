"""What a study is given where it says its data alone: networks, and what is made of them.

Kinds declare it, as `by_default` of their literals: the entries that they give to such a study, by name.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

from layerscope import selection
from layerscope.errors import StudyError
from layerscope.study.entries import entry_of
from layerscope.study.kinds import BLOCKS, Kind, Kinds
from layerscope.study.reach import check_shown, reached
from layerscope.study.schema import checked, resolved
from layerscope.study.sizes import sample_size, source_sizes, split_size
from layerscope.study.study import Run, Study, scores_named
from layerscope.study.views import Views

# The blocks that say what is made of networks; none of them has entries by default once one of them, or MORE_LOOKS, has any.
LOOKS = ("embeddings", "scores", "figures", "tables")
MORE_LOOKS = ("claims", "neurons", "comparisons")
# Of the observations of a larger test split so many are drawn: t-SNE takes a time that grows with their square.
LOOKED_AT = 1000
# Networks by default are trained so, since the rate at which SGD diverges falls with the number of pixels and their brightness.
STEPS = {"optimizer": "adam", "lr": 0.001}
# An epoch has so many batches, or more.
BATCHES = 4


def networks_by_default(kinds: Kinds, shapes: Sequence[Sequence[int]]) -> dict[str, dict]:
    """Networks for inputs of all these shapes, as entries of `architectures`; those that take any input come first."""
    sides = [min(shape[-2:]) if len(shape) > 1 else 0 for shape in shapes]
    families = sorted(kinds.of("architectures").values(), key=lambda kind: kind.says("smallest_side", 0))
    return {
        name: {"family": kind.name, **entry}
        for kind in families
        for name, entry in kind.says("by_default", {}).items()
        if min(sides) >= kind.says("smallest_side", 0)
    }


def training_by_default(train: int | None) -> dict:
    """How networks by default are trained on so many observations: the options that are not those of any training."""
    usual = checked({}, {"$ref": "#/$defs/training"}, "training")["batch"]
    return {**STEPS, "batch": usual if train is None else min(usual, max(2, train // BATCHES))}


def add_networks(content: dict, given: dict, entries: dict[str, dict[str, dict]], kinds: Kinds) -> list[str]:
    """Complete a study that names no networks. Returns what is to be said of it. Raises StudyError where none fit its data.

    content: the study with defaults. given: the same as its file has it. entries: of the blocks that come in kinds.
    """
    if "architectures" in given:
        return []
    datasets = entries["datasets"]
    named = dict.fromkeys(name for grid in content["grids"] for name in grid.get("datasets", datasets) if name in datasets)
    sizes = {}
    for name in named:
        if "vocabulary" in datasets[name]:
            raise StudyError(
                f"architectures is missing: datasets.{name} has sequences of tokens, and no network that takes them is there by "
                "default; write one (docs/own-networks.md)"
            )
        try:
            sizes[name] = source_sizes(kinds, datasets[name])
        except StudyError as error:
            raise StudyError(f"datasets.{name}: {error}") from None
    found = networks_by_default(kinds, [one["shape"] for one in sizes.values()])
    content["architectures"] = found
    entries["architectures"] = {name: entry_of(kinds, "architectures", name, entry) for name, entry in found.items()}
    said = given.get("training", {}).get("default", {})
    known = [one["train"] - datasets[name]["validation"] for name, one in sizes.items() if "train" in one]
    options = training_by_default(min(known) if known else None)
    # A rate of one's own is one of the optimizer that any training has.
    kept = {*said, *(STEPS if {*STEPS, "momentum"} & {*said} else ())}
    left_out = {key: value for key, value in options.items() if key not in kept}
    content["training"]["default"] |= left_out
    trained = "; training: " + ", ".join(f"{key} {value}" for key, value in left_out.items()) if left_out else ""
    return [f"by default, architectures: {', '.join(found)}{trained}"]


def with_looks(study: Study, given: dict) -> Study:
    """A study that says nothing of what is made of its networks, completed by what kinds give by default where they fit it.

    given: the study as its file has it. A block that stands there stays as it is, also where it is empty.
    """
    if any(given.get(block) not in (None, {}, selection.NONE) for block in LOOKS) or any(block in given for block in MORE_LOOKS):
        return study
    left_out = [block for block in LOOKS if block not in given]
    notes: list[str] = []
    if {"embeddings", "scores"} & {*left_out}:
        study = _with_samples(study, notes)
    for block in left_out:
        entries: Any = FITTING[block](study)
        study = replace(study, **{block: entries})
    added = "; ".join(f"{block}: {', '.join(getattr(study, block)) or _none_fits(study, block)}" for block in left_out)
    if added:
        notes.append(f"by default, {added}. Once the study has entries of its own in one of these, the others have none")
    return replace(study, notes=(*study.notes, *notes))


def _none_fits(study: Study, block: str) -> str:
    few = f" {min(_sample_sizes(study))} observations" if block == "embeddings" and _sample_sizes(study) else ""
    return f"(none fits{few})"


def _with_samples(study: Study, notes: list[str]) -> Study:
    if study.whole is None and study.filters is None:
        study = replace(study, whole={"layers": "all", "on": {}})
    if study.samples:
        return study
    sizes = {name: split_size(study, name, "test") for name in dict.fromkeys(run.dataset for run in study.runs)}
    known = {name: n for name, n in sizes.items() if n is not None}
    if 0 in known.values():
        raise StudyError(
            *(f"datasets.{name} has no test split to look at; set its size there" for name in known if not known[name])
        )
    if max(known.values(), default=0) <= LOOKED_AT:
        return replace(study, samples={"all_test": {"split": "test", "choose": "all", "seed": 0}})
    n = min(LOOKED_AT, *known.values())
    of = ", ".join(f"{name} has {size:,}" for name, size in known.items())
    notes.append(f"by default, samples: some_test, {n:,} observations of the test split at random ({of})")
    return replace(study, samples={"some_test": {"split": "test", "choose": "random", "n": n, "seed": 0}})


def _declared(study: Study, block: str) -> Iterator[tuple[Kind, str, dict]]:
    """(kind, name, entry) of what kinds give by default. Raises StudyError where two of them give the same name."""
    givers: dict[str, Kind] = {}
    for kind in study.kinds.of(block).values():
        for name, entry in kind.says("by_default", {}).items():
            if name in givers:
                raise StudyError(f"code: {kind.module} and {givers[name].module} both give {block}.{name} by default; rename one")
            givers[name] = kind
            named = {"method": kind.says("method"), "engine": kind.says("engine")} if block == "embeddings" else {}
            named = {key: value for key, value in named.items() if value}
            yield kind, name, {BLOCKS[block].key: kind.name, **named, **entry}


def _embeddings(study: Study) -> dict[str, dict]:
    found = {}
    for kind, name, entry in _declared(study, "embeddings"):
        filled = entry_of(study.kinds, "embeddings", name, entry)
        largest, sizes = kind.largest(filled), _sample_sizes(study)
        if _fits_points(study, kind) and (largest is None or max(sizes, default=0) <= largest):
            found[name] = filled
    return found


def _scores(study: Study) -> dict[str, dict]:
    declared = {
        name: entry_of(study.kinds, "scores", name, entry)
        for kind, name, entry in _declared(study, "scores")
        if _fits_points(study, kind)
    }
    complete = replace(study, scores=declared)
    scored = reached(complete, Views(complete)).scored
    return {name: entry for name, entry in declared.items() if scored[name]}


def _sample_sizes(study: Study) -> list[int]:
    sizes = [sample_size(study, run.dataset, sample) for run in study.runs for sample in study.samples]
    return [n for n in dict.fromkeys(sizes) if n is not None]


def _fits_points(study: Study, kind: Kind) -> bool:
    """Whether every option that depends on the number of points has a value that is possible for all samples."""
    smallest = min(_sample_sizes(study), default=None)
    if smallest is None:
        return True
    options = kind.says("needs_points", {})
    return all((kind.most(option, smallest) or 0) >= resolved(kind.options[option]).get("minimum", 1) for option in options)


def _shown(study: Study, block: str) -> dict[str, dict]:
    """Figures or tables of scores that the study has, and of networks that are embedded (one figure for each), if they fit."""
    views = Views(study)
    there, found = reached(study, views), {}
    for kind, name, entry in _declared(study, block):
        entry = {key: [one for one in value if one in study.scores] if key == "scores" else value for key, value in entry.items()}
        scores = scores_named(kind, entry)
        if entry.get("scores") == [] or any(score not in study.scores for score in scores):
            continue
        for prefix, on in _places(study, views, kind):
            chosen = {**on, **entry.get("on", {})}
            filled = entry_of(study.kinds, block, f"{prefix}{name}", {**entry, **({"on": chosen} if chosen else {})})
            if not any(check_shown(study, there, block, f"{prefix}{name}", filled)):
                found[f"{prefix}{name}"] = filled
    return found


def _places(study: Study, views: Views, kind: Kind) -> Iterator[tuple[str, dict]]:
    """(prefix of its name, selector) of each figure that a kind draws of a study."""
    shows, names = kind.says("shows_one", ()), list(dict.fromkeys(run.dataset for run in study.runs))
    if "embedding" in kind.says("reads", ()) and not study.embeddings:
        return
    trained = {run.dataset for run in study.runs if run not in study.given}
    if "history" in kind.says("reads", ()) and not trained:
        return
    shown = [name for name in names if not study.lacks(name, kind)]
    if "network" not in shows:
        if kind.says("of") == "pictures":
            sizes = {name: source_sizes(study.kinds, study.datasets[name]) for name in shown}
            shown = [name for name in shown if len(sizes[name]["shape"]) > 1 and name in trained]
        if shown:
            yield "", {**study.variants.without_controls(), **({} if shown == names else {"dataset": shown})}
        return
    first: dict[tuple[str, str], Run] = {}
    for run in study.runs:
        if run.dataset in shown and run.architecture not in study.variants.controls():
            first.setdefault((run.dataset, run.architecture), run)
    for run in first.values():
        for sample in views.samples_of(run):
            for on in _chosen(study, views, run, sample) if "embedding" in shows else [{}]:
                several = {run.dataset: len(names) > 1, run.architecture: True, sample: len(study.samples) > 1}
                several |= {embedding: len(study.embeddings) > 1 for embedding in on.values()}
                yield "".join(f"{part}_" for part, told in several.items() if told), {**run.keys, "sample": sample, **on}


def _chosen(study: Study, views: Views, run: Run, sample: str) -> list[dict]:
    """The embeddings of a network's whole layers, as selectors."""
    return [
        {"embedding": name}
        for name in views.embeddings_of(run.folder, sample)
        if views.view(run.folder, sample, study.embeddings[name].get("on", {})).whole
    ]


FITTING = {
    "embeddings": _embeddings,
    "scores": _scores,
    "figures": lambda study: _shown(study, "figures"),
    "tables": lambda study: _shown(study, "tables"),
}
