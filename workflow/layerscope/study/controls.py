"""Controls: networks beside those of a grid, to hold them against (`controls` of a grid).

A control is a variant of its architecture, told apart by the option `control`, so that it is trained, looked at and scored like
any other network. What is unlike is how it is trained: for 0 epochs, or on other labels or inputs (layerscope.training.controls).
"""

from collections.abc import Collection, Iterator, Mapping

from layerscope import selection
from layerscope.errors import Mistakes, one_of
from layerscope.study.kinds import Kinds
from layerscope.study.schema import blocks, checked
from layerscope.study.study import Study
from layerscope.study.unchecked import entries_in, grids_in, is_given
from layerscope.study.variants import CONTROL, NO_CONTROL, Variant, Variants

UNTRAINED, SHUFFLED_LABELS, NOISE, RANDOM_PROJECTION = "untrained", "shuffled_labels", "noise", "random_projection"
# Those that no step trains.
NEVER_TRAINED = (UNTRAINED, RANDOM_PROJECTION)
# What has no meaning where nothing is trained; and an accuracy that no control is meant to reach.
NOT_UNTRAINED, NOT_REACHED = ("schedule", "patience"), ("accept_test_accuracy",)


def asks_for_controls(content: dict) -> bool:
    """Whether a grid has controls, or what shows scores names one: a claim under `against`, a figure under `controls`."""
    shown = [entry for block in ("figures", "tables", "claims") for _, entry in entries_in(content, block)]
    named = [word for entry in shown for option in ("against", "controls") for word in selection.named(entry, option)]
    words = blocks()["$defs"]["control"]["enum"]
    return any("controls" in grid for _, grid in grids_in(content)) or any(word in words for word in named)


def claims_against(content: dict) -> list[str]:
    """The claims that are against a control."""
    return [name for name, claim in entries_in(content, "claims") if isinstance(claim.get("against"), str)]


def _schema() -> dict:
    return blocks()["properties"]["grids"]["items"]["properties"]["controls"]


def controls_of(
    content: dict, kinds: Kinds, named_by: Mapping[str, Collection[str]], mistakes: Mistakes
) -> dict[str, dict[str, list[str]]]:
    """Architecture → {control: the networks themselves and the controls that any grid has beside them}; none without controls.

    named_by: architecture → the names by which a grid can mean it, or variants of it.
    """
    asked: dict[str, dict[str, None]] = {name: {} for name, _ in entries_in(content, "architectures")}
    found = False
    for where, grid in grids_in(content):
        if "controls" not in grid:
            continue
        found = True
        if not asked:
            mistakes.messages.append(f"{where}.controls are variants of architectures, and the study names none; name them")
        known = {name for names in named_by.values() for name in names}
        mistakes.messages += [
            f"{where}.architectures: '{name}' is not defined; {one_of(name, known)}"
            for name in selection.named(grid, "architectures")
            if asked and isinstance(name, str) and name not in known
        ]
        with mistakes.gathered():
            controls = checked(grid["controls"], _schema(), f"{where}.controls")
            for name, entry in entries_in(content, "architectures"):
                if not _is_named(grid, named_by[name]):
                    continue
                if is_given(kinds, entry):
                    mistakes.messages.append(f"{where}.controls: {name} is given, and nothing of it is trained; leave it out")
                asked[name] |= dict.fromkeys(controls)
    return {name: {CONTROL: [NO_CONTROL, *controls]} for name, controls in asked.items()} if found else {}


def is_asked_for(content: dict, variant: Variant) -> bool:
    """Whether a variant is no control, or a grid that names its architecture, or what it is the control of, has this control."""
    control = variant.values.get(CONTROL, NO_CONTROL)
    names = (variant.entry, variant.name(without=[CONTROL]))
    with_it = (grid for _, grid in grids_in(content) if isinstance(grid.get("controls"), list) and control in grid["controls"])
    return control == NO_CONTROL or any(_is_named(grid, names) for grid in with_it)


def _is_named(grid: dict, names: Collection[str]) -> bool:
    """Whether a grid names an architecture by one of these names, or names none, which means all."""
    named = grid.get("architectures", [*names])
    return isinstance(named, list) and any(name in named for name in names)


def write_trainings_of_controls(content: dict, variants: Variants) -> dict[str, str]:
    """Write an override for each control that is trained otherwise. Returns where it comes from, by where it stands."""
    controls = variants.controls()
    if not controls:
        return {}
    training = content.setdefault("training", {})
    overrides = training.setdefault("overrides", []) if isinstance(training, dict) else None
    if not isinstance(overrides, list):
        # The schema refuses it.
        return {}
    places = {}
    for name, control in controls.items():
        never = control in NEVER_TRAINED
        changes = {"epochs": 0, "snapshots": [0]} if never else {}
        off = dict.fromkeys((*(NOT_UNTRAINED if never else ()), *NOT_REACHED), NO_CONTROL)
        places[f"training.overrides[{len(overrides)}]"] = f"controls.{control}"
        overrides.append({"on": {"architecture": name}, **changes, **off})
    return places


def check_controls(study: Study) -> Iterator[str]:
    """A message for each control that cannot be made of a network."""
    seen = set()
    for run in study.runs:
        control = study.variants.control_of(run.architecture)
        if control == NO_CONTROL or (run.architecture, run.dataset) in seen:
            continue
        seen.add((run.architecture, run.dataset))
        name, where = study.variants.entry_of("architecture", run.architecture), f"controls.{control}"
        if control in NEVER_TRAINED and study.pretrained(run):
            yield f"{where}: {name} begins with given weights, and is not untrained without training; leave the control out"
        if control == RANDOM_PROJECTION and any(layer.kind != "linear" for layer in study.layers(run)):
            yield f"{where}: only fully connected networks are linear without activation functions, and {name} has other layers"
        if control == SHUFFLED_LABELS and study.reconstructs(run):
            yield f"{where}: {name} reconstructs its input and learns no labels; leave the control out"
        if control == NOISE and "vocabulary" in study.datasets[run.dataset]:
            yield f"{where}: the tokens of datasets.{run.dataset} are no numbers with means and deviations; leave the control out"
