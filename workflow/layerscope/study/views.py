"""What a study stores, embeds and scores of each network: the samples, views, embeddings and scores of every source.

A source is the results folder of a network, or of the input of a dataset.
"""

from layerscope import selection, store
from layerscope.selection import Plan, View
from layerscope.study.kinds import Kind
from layerscope.study.sizes import has_input
from layerscope.study.study import BESIDE, Run, Study, space_of_rows


class Views:
    """The representations, embeddings and scores that a study asks for. Answers to frequent questions are cached."""

    def __init__(self, study: Study):
        self.study = study
        self.metrics = study.kinds.of("scores")
        self.runs = {run.folder: run for run in study.runs}
        self.inputs = {store.input_folder(name): name for name in dict.fromkeys(run.dataset for run in study.runs)}
        self._plans: dict[tuple[str, str | None], Plan] = {}
        self._sources: dict[tuple[str, str], None] = {}
        self._made_embeddings: dict[tuple[str, str], list[str]] = {}
        self._wanted_scores: dict[tuple[str, str, str], dict] = {}
        self._run_scores: dict[tuple[str, str | None], dict] = {}

    # Layers

    def whole_layers(self, run: Run) -> list[str]:
        """The layers of a network that are representations as a whole."""
        whole = self.study.whole
        if whole is None or not selection.allows(whole["on"], **run.keys):
            return []
        return [layer.name for layer in self.study.layers(run) if whole["layers"] == "all" or layer.name in whole["layers"]]

    def filter_layers(self, run: Run) -> dict[str, int]:
        """The layers of a network with maps whose single filters are representations → how many filters each has."""
        filters = self.study.filters
        if filters is None or not selection.allows(filters["on"], **run.keys):
            return {}
        wanted = filters["layers"]
        return {
            layer.name: layer.width
            for layer in self.study.layers(run)
            if layer.has_maps and (layer.has_filters if wanted == "all" else layer.name in wanted)
        }

    def kept_layers(self, run: Run) -> list[str]:
        """The layers of a network whose activations are stored."""
        kept = {*self.whole_layers(run), *self.filter_layers(run)}
        return [layer.name for layer in self.study.layers(run) if layer.name in kept]

    def named_layers(self, selector: dict, run: Run) -> dict:
        """The selector with `last` and `hidden` replaced by the names of these stored layers of a network."""
        return selection.with_layers_named(selector, self.kept_layers(run))

    def made_by(self, run: Run) -> dict[str, str]:
        """The file of a network whose provenance says what made it, as the arguments of store.path; empty if there is none.

        That is the file of its spectra, or, of a given network, the activations on the first sample.
        """
        if run not in self.study.given:
            return {"name": "spectra", "run": run.folder}
        samples = self.samples_of(run)
        return {"name": "activations", "source": run.folder, "sample": samples[0]} if samples else {}

    # Sources and their views

    def samples_of(self, run: Run) -> list[str]:
        """The samples on which activations of a network are stored; none if none of its layers is stored."""
        if not self.kept_layers(run):
            return []
        samples = self.study.samples.items()
        return [name for name, sample in samples if selection.allows(sample.get("on", {}), **run.keys)]

    def _draws_of(self, run: Run) -> list[str]:
        """The names of the draws of all samples on which activations of a network are stored."""
        return [draw for sample in self.samples_of(run) for draw in self.study.draws_of(sample)]

    def sources(self) -> list[tuple[str, str]]:
        """(source, sample) of every activations file: those of all networks, and of the input of their datasets.

        A sample is one draw here, and wherever files are meant (Study.drawn tells which); `samples_of` has samples as such. Of
        draws after the first there are those that are scored, or embedded because their embedding says so.
        """
        if not self._sources:
            for run in self.study.runs:
                folders = [store.input_folder(run.dataset)] if has_input(self.study, run.dataset) else []
                for sample in self._draws_of(run):
                    for source in (*folders, run.folder):
                        if self.study.drawn(sample)[1] == 1 or self.is_looked_at(source, sample):
                            self._sources[source, sample] = None
        return list(self._sources)

    def is_looked_at(self, source: str, sample: str) -> bool:
        """Whether anything is embedded, scored or compared of a source on a draw of a sample."""
        return bool(self.embeddings_of(source, sample) or self.spaces(source, sample) or self.is_compared(sample))

    def is_compared(self, sample: str) -> bool:
        """Whether a comparison is on one draw of a sample, by its name."""
        keys = self.study.draw_keys(sample)
        entries = [entry for entry in self.study.comparisons.values() if entry["sample"] == keys["sample"]]
        return any(selection.allows({"draw": 1, **entry["on"]}, draw=keys["draw"]) for entry in entries)

    def plan(self, source: str, sample: str | None = None) -> Plan:
        """All representations of a source. sample: for an input, count only networks whose activations on it are stored."""
        of_input = source in self.inputs
        key = (source, sample if of_input else None)
        if key not in self._plans:
            self._plans[key] = self._plan_of_input(source, sample) if of_input else self._plan_of_network(self.runs[source])
        return self._plans[key]

    def _plan_of_network(self, run: Run) -> Plan:
        return Plan(
            run.keys,
            tuple(self.kept_layers(run)),
            tuple(self.whole_layers(run)),
            self.filter_layers(run),
            tuple(self.study.snapshots(run)),
            pretrained=self.study.pretrained(run),
        )

    def _plan_of_input(self, source: str, sample: str | None) -> Plan:
        dataset = self.inputs[source]
        runs = [run for run in self.study.runs if run.dataset == dataset]
        networks = tuple(run.keys for run in runs if sample is None or sample in self._draws_of(run))
        return Plan({"dataset": dataset}, (selection.INPUT,), (selection.INPUT,), {}, (0,), networks)

    def view(self, source: str, sample: str, selector: dict) -> View:
        """The representations of a source that a selector chooses."""
        return selection.resolve(selector, self.plan(source, sample), **self.study.draw_keys(sample))

    def mapped(self, run: Run, sample: str) -> View:
        """The snapshots and layers of a network whose neurons are mapped on a sample."""
        neurons = self.study.neurons
        # Neurons are told by the classes that they tell. They are looked at and not averaged: one draw is enough.
        if neurons is None or self.study.has_targets(run.dataset) or self.study.drawn(sample)[1] > 1:
            return View()
        view = self.view(run.folder, sample, neurons["on"]).whole_only()
        layers = [layer for layer in view.whole if neurons["layers"] == "all" or layer in neurons["layers"]]
        return View(view.epochs, layers, {}) if layers and view.epochs else View()

    def maps_neurons(self) -> bool:
        """Whether the neurons of any layer are mapped."""
        return any(self.mapped(self.runs[source], sample) for source, sample in self.sources() if source in self.runs)

    # Embeddings and scores

    def spaces(self, source: str, sample: str) -> list[str]:
        """The spaces (run, raw and embeddings) in which a source has at least one score, BESIDE for scores that read more."""
        spaces = ["run", "raw", BESIDE, *self.embeddings_of(source, sample)]
        return [space for space in spaces if self.scores_of(source, sample, space)]

    def embeddings_of(self, source: str, sample: str) -> list[str]:
        """The names of the embeddings that are computed for a source.

        Of draws after the first these are those that are scored, since all that is not averaged is looked at in the first, and
        those whose `on` names draws.
        """
        if (source, sample) not in self._made_embeddings:
            selectors = {name: options.get("on", {}) for name, options in self.study.embeddings.items()}
            first = self.study.drawn(sample)[1] == 1
            self._made_embeddings[source, sample] = [
                name
                for name, on in selectors.items()
                if selection.allows(on, embedding=name)
                and self.view(source, sample, on)
                and (first or "draw" in on or self.scores_of(source, sample, name))
            ]
        return self._made_embeddings[source, sample]

    def embedded(self) -> list[tuple[str, str]]:
        """(source, sample) of everything that is embedded by any method, of the first draw of each sample."""
        first = [(source, sample) for source, sample in self.sources() if self.study.drawn(sample)[1] == 1]
        return [of_source for of_source in first if self.embeddings_of(*of_source)]

    def embedded_samples(self) -> list[tuple[str, str]]:
        """(dataset, sample) of everything that is embedded by any method."""
        return list(dict.fromkeys((self.dataset_of(source), sample) for source, sample in self.embedded()))

    def dataset_of(self, source: str) -> str:
        """The dataset of a source."""
        return self.inputs[source] if source in self.inputs else self.runs[source].dataset

    def scores_of(self, source: str, sample: str, space: str) -> dict[str, dict]:
        """The scores of a source in a space: name → metric, module, options and view; for `run`, name → entry of the study."""
        key = (source, sample, space)
        if key not in self._wanted_scores:
            self._wanted_scores[key] = self._find_scores(*key)
        return self._wanted_scores[key]

    def _find_scores(self, source: str, sample: str, space: str) -> dict[str, dict]:
        if space == "run":
            return {} if source in self.inputs else self.run_scores(self.runs[source], sample)
        kind = "raw" if space in ("raw", BESIDE) else "embedding"
        made = self.view(source, sample, self.study.embeddings[space].get("on", {})) if kind == "embedding" else None
        found = {}
        for name, entry in self.study.scores.items():
            metric = self.metrics[entry["metric"]]
            if kind not in metric.spaces or not selection.allows(entry["on"], embedding=space_of_rows(space)):
                continue
            if kind == "raw" and (
                metric.is_beside != (space == BESIDE) or not self._stands_beside(source, sample, entry, metric)
            ):
                continue
            # Neither an input nor an autoencoder predicts classes.
            silent = source in self.inputs or not self.study.predicts(self.runs[source])
            dataset = self.inputs[source] if source in self.inputs else self.runs[source].dataset
            if ("predictions" in metric.reads(kind) and silent) or self.study.lacks(dataset, metric):
                continue
            view = self.view(source, sample, entry["on"])
            if made is not None:
                view = view.common(made)
                if (option := metric.says("between_steps")) is not None:
                    view = _after_a_step(view, made, entry["options"][option])
            if metric.says("whole_only"):
                view = view.whole_only()
            if view:
                found[name] = {
                    "metric": metric.name,
                    "module": metric.stem,
                    "options": entry["options"],
                    "view": view.to_params(),
                }
        return found

    def _stands_beside(self, source: str, sample: str, entry: dict, metric: Kind) -> bool:
        """Whether what a metric reads beside a representation can be there. The input has no weights and no layer before it."""
        if source in self.inputs and {"weights", "earlier"} & {*metric.reads("raw")}:
            return False
        return self.study.drawn(sample)[0] != entry["options"].get("fitted_on")

    def observed(self, source: str, sample: str) -> list[str]:
        """Those of `spaces` in which a source has a score that is kept of every observation."""
        if self.study.observations is None:
            return []
        return [space for space in self.spaces(source, sample) if self.observed_scores(source, sample, space)]

    def observed_scores(self, source: str, sample: str, space: str) -> dict[str, dict]:
        """The scores of a source in a space that are kept of every observation.

        As scores_of, of whole layers; for `run`, name → entry of the study with its epochs. Observations are looked at one by
        one, and not averaged: one draw of a sample is enough.
        """
        asked = self.study.observations
        if asked is None or self.study.drawn(sample)[1] > 1 or not selection.allows(asked["on"], embedding=space_of_rows(space)):
            return {}
        found = {}
        view = self.view(source, sample, asked["on"]).whole_only()
        for name, entry in self.scores_of(source, sample, space).items():
            if name not in asked["scores"]:
                continue
            if space == "run":
                run = self.runs[source]
                if selection.allows(asked["on"], **run.keys, **self.study.draw_keys(sample)):
                    epochs = self.epochs_of(entry, run, sample)
                    both = [epoch for epoch in self.epochs_of({**entry, "on": asked["on"]}, run, sample) if epoch in epochs]
                    found.update({name: {**entry, "epochs": both}} if both else {})
            elif common := View.from_params(entry["view"]).common(view):
                found[name] = {**entry, "view": common.to_params()}
        return found

    def run_scores(self, run: Run, sample: str | None = None) -> dict[str, dict]:
        """The scores of a network in the space `run`: from predictions on a sample, or without one from history and spectra."""
        key = (run.folder, sample)
        if key not in self._run_scores:
            self._run_scores[key] = self._find_run_scores(run, sample)
        return self._run_scores[key]

    def _find_run_scores(self, run: Run, sample: str | None) -> dict[str, dict]:
        keys = {**run.keys, **(self.study.draw_keys(sample) if sample else {})}
        reads = ("predictions",) if sample else ("history", "spectra")
        if run in self.study.given and not sample:
            return {}
        found = {}
        for name, entry in self.study.scores.items():
            metric = self.metrics[entry["metric"]]
            read = metric.reads("run")
            splits = selection.values(entry["on"], "sample")
            reached = sample is not None or splits is None or bool({*splits} & {*store.SPLITS, store.BATCHES})
            # An autoencoder has a loss on splits, but no classes and no predictions for single observations.
            silent = not self.study.predicts(run) and (metric.needs_of_dataset or sample is not None)
            if metric.of_splits and (silent or self.study.lacks(run.dataset, metric)):
                continue
            if "losses" in metric.says("needs", ()) and not self.study.has_losses(run):
                continue
            if any(need in read for need in reads) and reached and selection.allows(entry["on"], embedding="run", **keys):
                found[name] = entry
        return {name: entry for name, entry in found.items() if self.epochs_of(entry, run, sample)}

    def epochs_of(self, entry: dict, run: Run, sample: str | None = None) -> list[int]:
        """The epochs of a score in the space `run`; on a sample it is computed at snapshots only."""
        snapshots = self.study.snapshots(run)
        epochs = snapshots if sample else self.study.score_epochs(run, entry["options"])
        return selection.allowed_epochs(entry["on"], snapshots, epochs, self.study.pretrained(run))


def _after_a_step(view: View, made: View, over: str) -> View:
    """The part of a view that has a step before it in the embedding, of which `made` is the view. over: epochs or layers."""
    if over == "epochs":
        return View([epoch for epoch in view.epochs if epoch not in made.epochs[:1]], view.whole, view.filters)
    # Filters of one layer are none of those of the layer before.
    return View(view.epochs, [layer for layer in view.whole if layer not in made.whole[:1]], {})
