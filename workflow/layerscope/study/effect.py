"""Keys and blocks that change nothing, given the rest of the study: each is said, in a line of its notes.

Where somebody must have meant something else, they are refused instead (layerscope.study.checks, layerscope.study.reach).
"""

from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

from layerscope import selection
from layerscope.selection import RUN_KEYS
from layerscope.study.claim_checks import claims_of_few_units
from layerscope.study.entries import networks_of
from layerscope.study.study import Study
from layerscope.study.views import Views

# Options of the training that only some trainings read: where they stand, which trainings do, and what the others are like.
READ_BY: tuple[tuple[tuple[str, ...], Callable[[dict], bool], str], ...] = (
    (("momentum",), lambda options: options["optimizer"] == "sgd", "it is of optimizer: sgd"),
    (("attempts",), lambda options: "accept_test_accuracy" in options, "it counts with accept_test_accuracy"),
    (("spectra", "every"), lambda options: "train" in options["spectra"]["phases"], "it is of the phase train"),
    (("spectra", "epochs"), lambda options: "evaluation" in options["spectra"]["phases"], "it is of the phase evaluation"),
    (("spectra", "classes"), lambda options: "evaluation" in options["spectra"]["phases"], "it is of the phase evaluation"),
    (("spectra", "layers"), lambda options: bool(options["spectra"]["phases"]), "no spectra are kept"),
    (("spectra", "maps"), lambda options: bool(options["spectra"]["phases"]), "no spectra are kept"),
    (
        ("schedule",),
        lambda options: _moves_the_rate(options.get("schedule", {})),
        "shape: constant without warmup is no schedule",
    ),
    (("schedule", "factor"), lambda options: options.get("schedule", {}).get("shape") == "step", "it is of shape: step"),
)
# What figures read that has no layers, samples or epochs to choose from.
OF_NETWORKS = {"data", "history"}


def _moves_the_rate(schedule: dict) -> bool:
    return schedule.get("shape") != "constant" or schedule["warmup"] > 0


def without_effect(study: Study, content: dict, given: dict) -> Iterator[str]:
    """A message for each key that changes nothing. content: the study with defaults. given: the same as its file has it."""
    yield from _in_grids(study, content, given)
    yield from _in_training(study, given)
    yield from _in_samples(study, given)
    yield from _in_entries(study)
    yield from _in_code(study)
    yield from claims_of_few_units(study)


def unread_samples(study: Study, views: Views) -> Iterator[str]:
    """A message for each sample through which nothing looks."""
    read: set[str] = set()
    # Of a sample these are its draws, each by its name.
    for source, sample in views.sources() if study.samples else ():
        if sample in read:
            continue
        mapped = source in views.runs and views.mapped(views.runs[source], sample)
        if mapped or views.embeddings_of(source, sample) or views.spaces(source, sample):
            read.add(sample)
    read |= {draw for sample in study.samples for draw in study.draws_of(sample) if views.is_compared(draw)}
    read |= {entry["options"].get("fitted_on") for entry in study.scores.values()}
    for block in ("figures", "tables"):
        for name, entry in getattr(study, block).items():
            if {"activations", "neurons", "embedding"} & {*study.kind_of(block, name).says("reads", ())}:
                read |= {*study.draws_shown(entry.get("on", {}))}
    for sample in study.samples:
        first, *others = study.draws_of(sample)
        if not {first, *others} & read:
            yield f"samples.{sample} changes nothing: no embedding, score, comparison, figure or neurons look through it"
        elif others and not {*others} & read:
            yield f"samples.{sample}.draws changes nothing: no score or figure is of a draw after the first"


def _in_grids(study: Study, content: dict, given: dict) -> Iterator[str]:
    grids = content["grids"]
    networks = [{*networks_of(grid, content["seeds"])} for grid in grids]
    times = Counter(run for runs in networks for run in runs)
    for index in reversed(range(len(grids))):
        if all(times[run] > 1 for run in networks[index]):
            times.subtract(networks[index])
            yield f"grids[{index}] adds no network: other grids have all of them"
    if "seeds" in given and all("seeds" in grid for grid in grids):
        yield "seeds changes nothing: every grid has seeds of its own"
    trained = {"datasets": {run.dataset for run in study.runs}, "architectures": {run.architecture for run in study.runs}}
    trained["datasets"] |= {entry.get("from") for entry in given["datasets"].values()}
    for block, names in trained.items():
        for name in given.get(block, {}):
            if name not in names:
                yield f"{block}.{name} changes nothing: no grid has it"


def _in_training(study: Study, given: dict) -> Iterator[str]:
    training = given.get("training", {})
    places = [("training.default", training.get("default", {}), study.runs)]
    for index, override in enumerate(training.get("overrides", [])):
        on = study.training["overrides"][index]["on"]
        runs = [run for run in study.runs if selection.allows(on, **run.keys)]
        places.append((f"training.overrides[{index}]", override, runs))
        # One of the values that vary may be that of the other networks.
        varied = f"training.overrides[{index}]" in study.variants.places
        if not varied and all(study.training_of(run) == study.training_without(run, index) for run in runs):
            yield f"training.overrides[{index}] changes nothing: its networks are trained in the same way without it"
    for where, options, runs in places:
        for way, reads, reason in READ_BY:
            if _stands_in(options, way) and not any(reads(study.training_of(run)) for run in runs):
                yield f"{where}.{'.'.join(way)} changes nothing: {reason}"


def _stands_in(options: Any, way: tuple[str, ...]) -> bool:
    for key in way:
        if not isinstance(options, dict) or key not in options:
            return False
        options = options[key]
    return True


def _in_samples(study: Study, given: dict) -> Iterator[str]:
    for name, sample in given.get("samples", {}).items():
        if "seed" in sample and sample["choose"] in ("all", "first"):
            yield f"samples.{name}.seed changes nothing: with choose: {sample['choose']} nothing is drawn at random"
    if given.get("representations") and not study.samples:
        yield "representations changes nothing: nothing looks at layers, and there are no samples"
        return
    views = Views(study)
    for part, layers_of in (("whole", views.whole_layers), ("filters", views.filter_layers)):
        if part in given.get("representations", {}) and not any(layers_of(run) for run in study.runs):
            yield f"representations.{part} changes nothing: no network has a layer that it names"


def _in_entries(study: Study) -> Iterator[str]:
    metrics = study.kinds.of("scores")
    read = any("neighbors" in study.kind_of("embeddings", name).says("reads", ()) for name in study.embeddings)
    # Scores of layers say whether a representation has as many points that differ.
    read = read or any(metrics[entry["metric"]].spaces != ("run",) for entry in study.scores.values())
    if study.k_is_given and not read:
        yield "neighbors.k changes nothing: no embedding and no score reads neighbours"
    for name, entry in study.scores.items():
        for key in ("layer", "filter"):
            if metrics[entry["metric"]].of_splits and key in entry["on"]:
                yield f"scores.{name}.on.{key} changes nothing: {entry['metric']} is of a network as such"
    for name, entry in study.figures.items():
        kind = study.kind_of("figures", name)
        reads = {*kind.says("reads", ())}
        # Kinds that show no score read of the rows only which networks are flagged.
        of_networks = reads != {"runs"} and reads <= OF_NETWORKS | {"runs"} and "score" not in kind.options
        for key in entry.get("on", {}):
            if not kind.is_own and of_networks and key not in RUN_KEYS:
                yield f"figures.{name}.on.{key} changes nothing: {kind.name} chooses networks; {', '.join(RUN_KEYS)} do"


def _in_code(study: Study) -> Iterator[str]:
    blocks = ("datasets", "architectures", "embeddings", "scores", "figures", "tables", "claims")
    entries = [(block, entry) for block in blocks for entry in getattr(study, block).values()]
    used = {study.kinds.of_entry(block, entry).module for block, entry in entries}
    used |= {study.kinds.of("comparisons")[name].module for entry in study.comparisons.values() for name in entry["measures"]}
    used |= {entry.get(study.kinds.of_entry(block, entry).says("own_code", "")) for block, entry in entries}
    for file, path in study.kinds.files.items():
        if path not in used:
            yield f"code: {file} changes nothing: no entry of the study is of a kind that it declares"
