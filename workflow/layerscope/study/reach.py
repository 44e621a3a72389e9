"""Find the spaces and samples in which a study will have the scores that figures, tables and claims use."""

from collections.abc import Iterator

from layerscope import selection, store
from layerscope.errors import StudyError
from layerscope.selection import View
from layerscope.study.study import Run, Study, scores_named
from layerscope.study.views import Views

BLOCKS = ("figures", "tables", "claims")


def reached_scores(study: Study, views: Views) -> set[str]:
    """The names of the scores that any network, or layer of one, will have."""
    reached = {name for run in study.runs for name in views.run_scores(run)}
    for source, sample in views.sources():
        for space in views.spaces(source, sample):
            reached |= views.scores_of(source, sample, space).keys()
    return reached


def check_reach(study: Study, views: Views) -> Iterator[str]:
    """A message for every figure, table and claim that finds no values of a score, or values in several spaces or samples.

    Several are refused only for kinds that declare `one_space`: they would average over them, which means nothing.
    """
    for block in BLOCKS:
        for name, entry in getattr(study, block).items():
            kind = study.kinds.of_entry(block, entry)
            for score in scores_named(kind, entry):
                on = _beside_a_network(study, score, entry)
                found = places_of(study, views, score, on)
                if not found:
                    yield f"{block}.{name}.on chooses nothing that has the score '{score}'; widen it, or the `on` of the score"
                elif kind.says("one_space") and len(found) > 1:
                    places = ", ".join(f"{space} on {sample}" for space, sample in sorted(found))
                    yield f"{block}.{name}.on chooses '{score}' in several spaces or samples ({places}); name one of each"


def _beside_a_network(study: Study, score: str, entry: dict) -> dict:
    """The selector for one score. If `against` names a score without layers, only keys of networks apply to that score."""
    on = entry.get("on", {})
    if study.kinds.of("scores")[study.scores[score]["metric"]].of_splits and score == entry.get("against"):
        return {key: value for key, value in on.items() if key in selection.RUN_KEYS}
    return on


def places_of(study: Study, views: Views, score: str, on: dict) -> set[tuple[str, str]]:
    """(space, sample) of the rows of a score that a selector chooses. Scores of networks, not of layers, have the space `run`."""
    entry = study.scores[score]
    # The input only accompanies networks: its scores count here only if the selector names it.
    of_input = any(selection.INPUT in (selection.named(on, key)) for key in ("layer", "state"))
    found = set()
    for source, sample in views.sources():
        if not selection.allows(on, sample=sample) or (source in views.inputs and not of_input):
            continue
        for space in views.spaces(source, sample):
            wanted = views.scores_of(source, sample, space).get(score)
            if wanted is None or not selection.allows(on, embedding=space):
                continue
            if space == "run":
                reached = _reaches_run(study, views, on, views.runs[source], entry, sample)
            else:
                reached = bool(View.from_params(wanted["view"]).common(views.view(source, sample, on)))
            if reached:
                found.add((space, sample))
    for run in study.runs:
        if score in views.run_scores(run) and _reaches_run(study, views, on, run, entry, None):
            found |= {("run", sample) for sample in _splits(study, entry) if selection.allows(on, sample=sample)}
    return found


def _reaches_run(study: Study, views: Views, on: dict, run: Run, entry: dict, sample: str | None) -> bool:
    if not selection.allows(on, embedding="run", **run.keys):
        return False
    epochs = views.epochs_of(entry, run, sample)
    return bool(selection.allowed_epochs(on, study.snapshots(run), epochs))


def _splits(study: Study, entry: dict) -> list[str]:
    """The splits on which a score in the space `run` is computed."""
    phase = entry["options"].get("phase")
    if phase is not None:
        return [store.SPLIT_OF_PHASE[phase]]
    return selection.values(entry["on"], "sample") or [*store.SPLITS, store.BATCHES]


def refuse_unreached(study: Study, views: Views) -> None:
    """Raise StudyError with all messages of check_reach."""
    messages = list(check_reach(study, views))
    if messages:
        raise StudyError(*messages)
