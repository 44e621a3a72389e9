"""Lower default values (perplexity, neighbours) that are too large for the samples of a study."""

from dataclasses import replace
from typing import Any

from layerscope import selection
from layerscope.study.kinds import Kind
from layerscope.study.sizes import sample_size
from layerscope.study.study import Study
from layerscope.study.views import Views


def adapted(study: Study, content: dict[str, Any]) -> Study:
    """The study with defaults that fit its samples, and with as many neighbours as its embeddings and scores read.

    content: of the study file. What stands in it is never changed; what is changed is said in `notes`.
    """
    lowered: dict[tuple[str, int], list[str]] = {}
    embeddings = {
        name: _fitting(
            study,
            f"embeddings.{name}",
            study.kinds.of_entry("embeddings", entry),
            entry,
            content["embeddings"].get(name, {}),
            entry,
            lowered,
        )
        for name, entry in study.embeddings.items()
    }
    scores = {}
    for name, entry in study.scores.items():
        kind = study.kinds.of("scores")[entry["metric"]]
        options = _fitting(study, f"scores.{name}", kind, entry["options"], content["scores"].get(name, {}), entry, lowered)
        scores[name] = {**entry, "options": options}
    notes = [f"{', '.join(values)}: samples.{sample} has {n} observations" for (sample, n), values in lowered.items()]
    notes += _left_out(study)
    study = replace(study, embeddings=embeddings, scores=scores, notes=(*study.notes, *notes))
    return study if study.k_is_given else replace(study, k=_read_neighbors(study))


def _fitting(study: Study, where: str, kind: Kind, options: dict, given: dict, entry: dict, lowered: dict) -> dict:
    """Options in which defaults are no larger than the smallest sample allows. given: those that the study file names.

    What is lowered is added to `lowered`, by the sample that asks for it and its size.
    """
    changed: dict[str, int] = {}
    for option in kind.says("needs_points", {}):
        if option in given:
            continue
        for n, sample in _sizes(study, entry):
            most = kind.most(option, n) or 0
            least = kind.options[option].get("minimum", 2 if option == "perplexity" else 1)
            if least <= most < changed.get(option, options[option]):
                changed[option], smallest = most, (sample, n)
        if option in changed:
            lowered.setdefault(smallest, []).append(f"{where}.{option} is {changed[option]} instead of {options[option]:g}")
    return {**options, **changed}


def _left_out(study: Study) -> list[str]:
    """What is said of scores that some datasets, and not all, have not: those of classes where there are targets, and so on."""
    notes = []
    for name, entry in study.scores.items():
        datasets = dict.fromkeys(run.dataset for run in study.runs if selection.allows(entry["on"], **run.keys))
        metric = study.kinds.of("scores")[entry["metric"]]
        without = {dataset: study.lacks(dataset, metric) for dataset in datasets if study.lacks(dataset, metric)}
        notes += [f"scores.{name} is left out for datasets.{dataset}, which has no {what}" for dataset, what in without.items()]
    return notes


def _sizes(study: Study, entry: dict) -> list[tuple[int, str]]:
    """(n, sample) of every sample that an embedding or a score is about, as far as the study knows."""
    views = Views(study)
    found = {}
    for run in study.runs:
        for sample in views.samples_of(run):
            if selection.allows(entry.get("on", {}), sample=sample, **run.keys):
                found[run.dataset, sample] = sample_size(study, run.dataset, sample)
    return sorted((n, sample) for (_, sample), n in found.items() if n is not None)


def _read_neighbors(study: Study) -> int:
    """How many neighbours of each point any embedding or score reads; one at least, of which a graph consists."""
    needed = [study.kinds.of_entry("embeddings", entry).neighbors_needed(entry) for entry in study.embeddings.values()]
    needed += [study.kinds.of("scores")[entry["metric"]].neighbors_needed(entry["options"]) for entry in study.scores.values()]
    return max(1, *needed) if needed else 1
