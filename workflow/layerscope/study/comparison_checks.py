"""Checks of comparisons: what is compared with what must be there, and be of the same observations."""

from collections.abc import Iterator

from layerscope import selection
from layerscope.errors import StudyError, one_of
from layerscope.study.comparisons import Comparisons, place_of
from layerscope.study.kinds import Kind
from layerscope.study.sizes import sample_size
from layerscope.study.study import DIFFER_IN, Study, scores_named
from layerscope.study.views import Views

# What a kind needs that shows the accuracy of a network beside its score.
ACCURACIES = "network_accuracies"
# The keys of selectors that say what a comparison says by its other keys, or has not.
SAID_ELSEWHERE = {
    "sample": "a comparison is on one sample, the same observations for all: name it by its key `sample`",
    "filter": "layers are compared as a whole",
    "embedding": "representations are compared in their own space",
}


def check_comparisons(study: Study) -> Iterator[str]:
    """What a comparison says by itself."""
    for name, entry in study.comparisons.items():
        where, between = place_of(name, entry), entry["between"]
        for measure in entry["measures"]:
            try:
                study.kinds.named("comparisons", measure, f"{where}.measures")
            except StudyError as error:
                yield from error.messages
        yield from _check_sample(study, where, entry)
        for key in (key for key in SAID_ELSEWHERE if key in entry["on"]):
            yield f"{where}.on.{key}: {SAID_ELSEWHERE[key]}; remove it"
        draws = selection.named(entry["on"], "draw")
        if len(draws) > 1:
            yield f"{where}.on.draw: {len(draws)} draws are different observations, and only the same can be compared; name one"
        if "with" in entry and between in DIFFER_IN:
            yield f"{where}.with is of layers and epochs; between {between} all pairs of networks are compared: remove it"
        if "match" in entry and between != "architectures":
            yield f"{where}.match is of architectures; between {between} layers have the same names: remove it"


def _check_sample(study: Study, where: str, entry: dict) -> Iterator[str]:
    where = f"{where}.on" if "made_by" in entry else where
    if "sample" not in entry:
        yield f"{where}.sample is missing; name the sample whose observations are compared: {one_of('', study.samples)}"
    elif isinstance(entry["sample"], list):
        yield (
            f"{where}.sample: {', '.join(entry['sample'])} are different observations, and only outputs for the same ones can be "
            "compared; name one, or write a comparison for each"
        )
    elif entry["sample"] not in study.samples:
        yield f"{where}.sample: no sample is named '{entry['sample']}'; {one_of(entry['sample'], study.samples)}"


def check_pairs(study: Study) -> Iterator[str]:
    """Whether there is anything to compare, of enough observations."""
    found = Comparisons(study, Views(study))
    for name, entry in study.comparisons.items():
        where, between = place_of(name, entry), entry["between"]
        networks = found.networks(name)
        if not networks:
            yield f"{where} reaches no layer of a network that is looked at through samples.{entry['sample']}; widen its `on`"
            continue
        yield from _check_observations(study, where, entry, {run.dataset for run in networks})
        if any(found.has_pairs(name, run) for run in networks):
            continue
        if between == "layers":
            [layer] = {layer for run in networks for layer, _ in found.layers(name, run)} or {selection.INPUT}
            yield f"{where}: {layer} would be compared with itself only, since it is the one layer chosen; name more of them"
        elif between == "epochs":
            epochs = sorted({epoch for run in networks for epoch in found.view(name, run).epochs})
            listed = " or ".join(map(str, epochs))
            yield f"{where}.between: epochs, and each network has one here, {listed}; keep more `snapshots`, or choose more"
        else:
            yield from _check_networks(where, entry, [run.keys for run in networks])


def _check_networks(where: str, entry: dict, networks: list[dict]) -> Iterator[str]:
    key, between = DIFFER_IN[entry["between"]], entry["between"]
    values = sorted({str(keys[key]) for keys in networks})
    if len(values) == 1:
        yield f"{where}.between: {between}, and the networks that it chooses have one {key}, {values[0]}; choose or add more"
        return
    others = [other for other in selection.RUN_KEYS if other != key]
    alike = {tuple(keys[other] for other in others) for keys in networks}
    if len(alike) == len(networks):
        yield f"{where}.between: {between}, and no two networks differ in their {key} alone; add such, or widen its `on`"
    else:
        yield (
            f"{where}: no two networks that differ in their {key} have a layer and a snapshot in common; name others by `on`, or "
            "write `match: depth`"
        )


def _check_observations(study: Study, where: str, entry: dict, datasets: set[str]) -> Iterator[str]:
    kinds = study.kinds.of("comparisons")
    for dataset in sorted(datasets):
        n = sample_size(study, dataset, entry["sample"])
        for measure in entry["measures"]:
            fewest = kinds[measure].says("fewest", 2)
            if n is not None and n < fewest:
                of = f"samples.{entry['sample']} has {n} of {dataset}"
                yield f"{where}.measures: {measure} needs {fewest} observations or more, and {of}; look at more"


def check_figures_of_comparisons(study: Study) -> Iterator[str]:
    """Figures that show a comparison must name one that is of their sort, and a measure of it."""
    found = Comparisons(study, Views(study))
    for name, figure in study.figures.items():
        shown = study.kind_of("figures", name).says("compares")
        if not shown:
            continue
        where, named = f"figures.{name}", figure["comparison"]
        if named not in study.comparisons:
            yield f"{where}.comparison: no comparison is named '{named}'; {one_of(named, study.comparisons)}"
            continue
        entry = study.comparisons[named]
        measure, on = figure["measure"], figure.get("on", {})
        if entry["between"] != shown["between"]:
            between = f"'{named}' is between {entry['between']}"
            yield f"{where}.comparison: {between}; {figure['kind']} shows one between {shown['between']}"
        elif measure not in entry["measures"]:
            yield f"{where}.measure: '{measure}' is no measure of comparisons.{named}; {one_of(measure, entry['measures'])}"
        elif not selection.allows(on, sample=entry["sample"]):
            yield f"{where}.on.sample: comparisons.{named} is on {entry['sample']}; remove it, or show another comparison"
        elif not any(selection.allows(on, **run.keys) for run in found.files(named)):
            yield f"{where}.on chooses no network that comparisons.{named} compares; widen it"


def check_scores_of_pairs(study: Study) -> Iterator[str]:
    """Scores of pairs of networks stand beside no score of one of both, and claims about them say what their units are."""
    for block in ("figures", "tables", "claims"):
        for name, entry in getattr(study, block).items():
            kind, where = study.kinds.of_entry(block, entry), f"{block}.{name}"
            compared = {score: _networks_between(study, score) for score in scores_named(kind, entry)}
            for score, between in compared.items():
                if between:
                    yield from _check_score_of_pairs(where, entry, kind, score, between)
            if len({*compared.values()}) > 1:
                listed = ", ".join(
                    f"'{score}' of {f'two {between}' if between else 'one network'}" for score, between in compared.items()
                )
                yield f"{where}: its scores are of other units, {listed}; write one for each"


def _networks_between(study: Study, score: str) -> str:
    """What the networks differ in of which a score compares pairs; "" for a score of single networks."""
    comparison = study.compared.get(score, {}).get("comparison")
    between = study.comparisons[comparison]["between"] if comparison else ""
    return between if between in DIFFER_IN else ""


def _check_score_of_pairs(where: str, entry: dict, kind: Kind, score: str, between: str) -> Iterator[str]:
    if kind.says("pairs_scores") or "against" in entry or ACCURACIES in kind.says("needs", ()):
        yield f"{where}: '{score}' is of pairs of networks, and {kind.name} puts it beside a score of one of both; name another"
    if where.startswith("claims.") and "cluster" not in entry:
        key = DIFFER_IN[between]
        stands = f"`{key}` stands for a pair" if key == "seed" else f"a pair differs in its {key}, and `seed` tells pairs apart"
        yield (
            f"{where}.cluster is missing: '{score}' is of pairs of networks, each network in one of them, and a pair is one unit "
            f"at most; name the keys that make independent units, for instance [seed] ({stands})"
        )
