"""Checks of scores that read more than the representation they are of."""

from collections.abc import Iterator

from layerscope import selection
from layerscope.errors import one_of
from layerscope.study.sizes import sample_size
from layerscope.study.study import RESERVED_EMBEDDINGS, Study
from layerscope.study.views import Views

OPTION = "fitted_on"


def check_beside(study: Study) -> Iterator[str]:
    """A message for each probe that could see what it is scored on, or that is fitted on nothing."""
    views = Views(study)
    for name, entry in study.scores.items():
        metric, where = study.kinds.of("scores")[entry["metric"]], f"scores.{name}"
        if not metric.is_beside:
            continue
        spaces = selection.values(entry["on"], "embedding")
        if spaces is not None and RESERVED_EMBEDDINGS[0] not in spaces:
            yield (
                f"{where}.on.embedding: {metric.name} reads a layer beside what is in no embedding, and two embeddings have no "
                f"coordinates in common; write {RESERVED_EMBEDDINGS[0]}, or remove it"
            )
        elif OPTION in entry["options"]:
            yield from _check_fitted_on(study, views, where, entry)


def _check_fitted_on(study: Study, views: Views, where: str, entry: dict) -> Iterator[str]:
    sample = entry["options"][OPTION]
    if sample not in study.samples:
        yield f"{where}.{OPTION}: no sample is named '{sample}'; {one_of(sample, study.samples)}"
        return
    told = set()
    k = entry["options"].get("k", 1)
    for dataset in dict.fromkeys(run.dataset for run in study.runs if selection.allows(entry["on"], **run.keys)):
        n = sample_size(study, dataset, sample)
        if n is not None and k > n:
            yield f"{where}.k: {k} is too large for the {n} observations of samples.{sample} ({dataset}) that it is fitted on"
    for run in study.runs:
        if not selection.allows(entry["on"], **run.keys):
            continue
        scored = [name for name in views.samples_of(run) if name != sample and selection.allows(entry["on"], sample=name)]
        for other in scored:
            split = study.samples[other]["split"]
            if split == study.samples[sample]["split"] and other not in told:
                told.add(other)
                yield (
                    f"{where}.{OPTION}: samples.{sample} and samples.{other} are both of the {split} split, so an observation "
                    f"could be fitted on and scored; fit on another split, or leave {other} out by `on: {{sample: ...}}`"
                )
        if scored and sample not in views.samples_of(run) and sample not in told:
            told.add(sample)
            yield f"{where}.{OPTION}: samples.{sample} does not take in {run.folder}, which is scored; widen its `on`"
