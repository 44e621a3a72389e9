"""Checks of the scores that are kept of every observation, and of the figures and tables that show them."""

from collections.abc import Iterator

from layerscope import selection, store
from layerscope.errors import one_of
from layerscope.selection import View
from layerscope.study.kinds import Kind
from layerscope.study.study import Run, Study, scores_named, space_of_rows
from layerscope.study.views import Views

READ = "observations"


def check_observations(study: Study) -> Iterator[str]:
    """A message for each score that is not there or is of no single observation, and for what shows one that is not kept."""
    kept = (study.observations or {}).get("scores", [])
    metrics = study.kinds.of("scores")
    told = [name for name, entry in study.scores.items() if metrics[entry["metric"]].by_observation]
    known = True
    for name in kept:
        if name not in study.scores:
            known = False
            yield f"observations.scores: no score is named '{name}'; {one_of(name, study.scores)}"
        elif name not in told:
            known = False
            yield f"observations.scores: '{name}' is of all observations together, and of none of them; {one_of(name, told)}"
    views = Views(study)
    if kept and known and not any(views.observed(source, sample) for source, sample in views.sources()):
        yield "observations reaches nothing that has one of its scores; widen its `on`, or remove it"
    for block in ("figures", "tables"):
        for entry_name, entry in getattr(study, block).items():
            kind = study.kinds.of_entry(block, entry)
            for name in scores_named(kind, entry) if READ in kind.says("reads", ()) else ():
                if name in kept:
                    yield from _check_shown(study, views, f"{block}.{entry_name}", entry, kind, name)
                else:
                    yield f"{block}.{entry_name}: '{name}' is kept of no observation; list it under `observations.scores`"


def _check_shown(study: Study, views: Views, where: str, entry: dict, kind: Kind, score: str) -> Iterator[str]:
    """What a kind requires of the networks that it shows, and of their layers in which the score is kept."""
    on = entry.get("on", {})
    runs = [run for run in study.runs if selection.allows(on, **run.keys)]
    kinds = dict.fromkeys((run.dataset, run.architecture, run.activation) for run in runs)
    if kind.says("one_kind_of_network") and len(kinds) > 1:
        listed = ", ".join(" ".join(names) for names in kinds)
        named = "name one dataset, architecture and activation"
        yield f"{where}.on chooses networks that differ in more than the seed ({listed}); {named}"
        return
    kept = [_layers_kept(study, views, run, score, on) for run in runs]
    fewest = kind.says("fewest_layers", 1)
    if runs and not any(kept):
        yield f"{where}.on chooses nothing of which '{score}' is kept of every observation; widen it, or that of `observations`"
    elif runs and max(map(len, kept)) < fewest:
        left = ", ".join(sorted(set().union(*kept)))
        yield f"{where}.on leaves too few layers whose observations have '{score}' ({left}); {fewest} are wanted: widen it"


def _layers_kept(study: Study, views: Views, run: Run, score: str, on: dict) -> set[str]:
    """The layers of a network, and its input, that a selector chooses and in which a score is kept of every observation.

    A score of the network as such is in none of them, which is named "".
    """
    found: set[str] = set()
    on = {"draw": 1, **on}
    for source, sample in views.sources():
        if source not in (run.folder, store.input_folder(run.dataset)):
            continue
        chosen = views.view(source, sample, on)
        for space in views.observed(source, sample) if chosen else ():
            kept = views.observed_scores(source, sample, space).get(score)
            if kept is None or not selection.allows(on, embedding=space_of_rows(space)):
                continue
            if space == "run":
                found |= {""} if {*kept["epochs"]} & {*chosen.epochs} else set()
            elif common := View.from_params(kept["view"]).common(chosen):
                found |= {*common.whole}
    return found
