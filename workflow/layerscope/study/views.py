"""What of a study's networks is looked at, and how: the samples, views, embeddings and scores of every source.

A source is the folder of a network, or that of the input of a dataset. A view is the part of its representations that a job is
about, as job params spell it out (layerscope.store.View).
"""

from collections.abc import Iterable

from layerscope import selection, store
from layerscope.study.kinds import metrics
from layerscope.study.study import Run, Study

NEED_CLASSES = ("accuracy", "loss")


class Looks:
    """Every way in which a study looks at its networks."""

    def __init__(self, study: Study):
        self.study = study
        self.metrics = metrics()
        self.runs = {run.folder: run for run in study.runs}
        self.inputs = {store.input_folder(name): name for name in dict.fromkeys(run.dataset for run in study.runs)}
        self._looked_at: dict[tuple[str, str], None] = {}
        self._made_embeddings: dict[tuple[str, str], list[str]] = {}
        self._wanted_scores: dict[tuple[str, str, str], dict] = {}

    def looked_at(self) -> list[tuple[str, str]]:
        """(source, sample) of every activations file: those of all networks, and of the input of their datasets."""
        if not self._looked_at:
            for run in self.study.runs:
                for sample in self.study.samples_of(run):
                    self._looked_at[store.input_folder(run.dataset), sample] = None
                    self._looked_at[run.folder, sample] = None
        return list(self._looked_at)

    def spaces(self, source: str, sample: str) -> list[str]:
        """The spaces in which a source is scored: run, raw and its embeddings, those that some score applies to."""
        spaces = ["run", "raw", *self.embeddings_of(source, sample)]
        return [space for space in spaces if self.scores_of(source, sample, space)]

    def view(self, source: str, sample: str, selector: dict) -> dict:
        """What a selector leaves of the representations of a source, as job params (layerscope.store.View)."""
        nothing = {"epochs": [], "whole": [], "filters": {}}
        if not selection.allows(selector, sample=sample):
            return nothing
        if source in self.inputs:
            reached = selection.allows_input(selector, self.inputs[source]) and any(
                selection.allows(selector, **run.keys) for run in self._runs_of_input(source, sample)
            )
            return {"epochs": [0], "whole": ["input"], "filters": {}} if reached else nothing
        run = self.runs[source]
        if not selection.allows(selector, **run.keys):
            return nothing
        selector = self.study.named_layers(selector, run)
        whole = [name for name in self.study.whole_layers(run) if selection.allows(selector, layer=name, filter=selection.WHOLE)]
        numbers = selection.values(selector, "filter")
        widths = {layer.name: layer.width for layer in self.study.layers(run)}
        filters: dict[str, list[int] | None] = {}
        for name in self.study.filter_layers(run):
            if selection.allows(selector, layer=name):
                chosen = None if numbers is None else [n for n in numbers if n != selection.WHOLE and n < widths[name]]
                if chosen != []:
                    filters[name] = chosen
        return {
            "epochs": selection.allowed_epochs(selector, self.study.snapshots(run)),
            "whole": whole,
            "filters": filters,
        }

    def _runs_of_input(self, source: str, sample: str) -> list[Run]:
        dataset = self.inputs[source]
        return [run for run in self.study.runs if run.dataset == dataset and sample in self.study.samples_of(run)]

    def embeddings_of(self, source: str, sample: str) -> list[str]:
        """The embeddings that are made of a source."""
        if (source, sample) not in self._made_embeddings:
            self._made_embeddings[source, sample] = [
                name
                for name, options in self.study.embeddings.items()
                if selection.allows(options.get("on", {}), embedding=name)
                and not is_empty(self.view(source, sample, options.get("on", {})))
            ]
        return self._made_embeddings[source, sample]

    def scores_of(self, source: str, sample: str, space: str) -> dict[str, dict]:
        """The scores that are asked of a source in a space: name → metric, module, options and the view they apply to."""
        key = (source, sample, space)
        if key not in self._wanted_scores:
            self._wanted_scores[key] = self._find_scores(*key)
        return self._wanted_scores[key]

    def _find_scores(self, source: str, sample: str, space: str) -> dict[str, dict]:
        if space == "run":
            if source in self.inputs:
                return {}
            return self.run_scores(("activations",), self.runs[source], sample)
        kind = "raw" if space == "raw" else "embedding"
        made = self.view(source, sample, self.study.embeddings[space].get("on", {})) if kind == "embedding" else None
        found = {}
        for name, entry in self.study.scores.items():
            metric = self.metrics[entry["metric"]]
            if kind not in metric.spaces or not selection.allows(entry["on"], embedding=space):
                continue
            view = self.view(source, sample, entry["on"])
            if made is not None:
                view = _common(view, made)
            if metric.whole_only:
                view = {**view, "filters": {}}
            if not is_empty(view):
                found[name] = {
                    "metric": metric.name,
                    "module": metric.module,
                    "options": entry["options"],
                    "view": view,
                }
        return found

    def run_scores(self, reads: Iterable[str], run: Run, sample: str | None = None) -> dict[str, dict]:
        """Scores of a network as such that read one of `reads`: of a sample, or else of its splits and layers."""
        keys = {**run.keys, **({"sample": sample} if sample else {})}
        found = {}
        for name, entry in self.study.scores.items():
            metric = self.metrics[entry["metric"]]
            read = metric.reads.get("run", ())
            splits = selection.values(entry["on"], "sample")
            reached = sample is not None or splits is None or bool({*splits} & {*store.SPLITS, store.BATCHES})
            # A network that reconstructs its input has a loss over a split, and says nothing about single observations.
            if metric.name in NEED_CLASSES and not self.study.classifies(run) and (metric.name != "loss" or sample):
                continue
            if any(need in read for need in reads) and reached and selection.allows(entry["on"], embedding="run", **keys):
                found[name] = entry
        return {name: entry for name, entry in found.items() if self.epochs_of(entry, run, sample)}

    def epochs_of(self, entry: dict, run: Run, sample: str | None = None) -> list[int]:
        """The epochs at which a score of a network as such is asked for; of a sample there are snapshots only."""
        snapshots = self.study.snapshots(run)
        epochs = snapshots if sample else self.study.score_epochs(run, entry["options"])
        return selection.allowed_epochs(entry["on"], snapshots, epochs)


def is_empty(view: dict) -> bool:
    """Whether a view leaves nothing to look at."""
    return not view["epochs"] or not (view["whole"] or view["filters"])


def _common(one: dict, other: dict) -> dict:
    """What two views of one source share."""
    filters = {}
    for layer in one["filters"].keys() & other["filters"].keys():
        mine, theirs = one["filters"][layer], other["filters"][layer]
        if mine is None or theirs is None:
            filters[layer] = theirs if mine is None else mine
        else:
            filters[layer] = [number for number in mine if number in theirs]
    filters = {layer: chosen for layer, chosen in filters.items() if chosen != []}
    return {
        "epochs": [epoch for epoch in one["epochs"] if epoch in other["epochs"]],
        "whole": [layer for layer in one["whole"] if layer in other["whole"]],
        "filters": filters,
    }
