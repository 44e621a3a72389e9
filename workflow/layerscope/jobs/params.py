"""The params of each Snakemake job: one canonical JSON string with exactly the settings that the job uses.

Snakemake reruns the job if the string changes. Methods are named after their rules and take Snakemake's wildcards.
"""

from collections import Counter
from collections.abc import Callable

from layerscope import selection, store
from layerscope.data.targets import STANDARDISE
from layerscope.files.provenance import canonical_json
from layerscope.models.last_layer import last_linear
from layerscope.study.claim_checks import compared_options
from layerscope.study.comparisons import Comparisons
from layerscope.study.controls import NOISE, RANDOM_PROJECTION, SHUFFLED_LABELS
from layerscope.study.kinds import BLOCKS, Kind
from layerscope.study.named_options import alike_without, named_option
from layerscope.study.sizes import neighbors_kept, source_sizes
from layerscope.study.study import BESIDE, DIFFER_IN, WITH_ALL, Run, Study, space_of_rows
from layerscope.study.variants import CONTROL
from layerscope.study.views import Views

# The unit of what is a number without one.
WITHOUT_UNIT = "1"
# The activation function of networks that are linear.
LINEAR = "identity"


class JobParams:
    """The params of every job of a study, by the wildcards of its files."""

    def __init__(self, study: Study, views: Views):
        self.study = study
        self.views = views
        self.comparisons = Comparisons(study, views)

    def _params(self, schema: str, *kinds: Kind, **told: object) -> str:
        """Canonical JSON. kinds: those that the job uses; the user's own files among their modules are listed as `code`."""
        own = {f"{BLOCKS[kind.block].package}.{kind.stem}": kind.module for kind in kinds if kind.is_own}
        return canonical_json({"schema": store.SCHEMA[schema], **told, **({"code": own} if own else {})})

    def prepare(self, wildcards) -> str:
        """A dataset: its source and preprocessing, and how much is held out for validation."""
        options = self.study.datasets[wildcards.dataset]
        later = ("normalise", "normalise_targets", "validation", "class_rates")
        source = {key: value for key, value in options.items() if key not in later}
        kind = self.study.kind_of("datasets", wildcards.dataset)
        # Where its type does not tell the value of full intensity, which `unit` alone asks for, the numbers must.
        unknown = not source_sizes(self.study.kinds, options).get("white_by_type", True) and "white" not in options
        scaled = {"unit": True} if unknown and options["normalise"] == "unit" else {}
        return self._params("data", kind, dataset=wildcards.dataset, source=source, validation=options["validation"], **scaled)

    def _network(self, run: Run) -> dict:
        return {
            "dataset": run.dataset,
            "normalise": self.study.datasets[run.dataset]["normalise"],
            **self._targets(run.dataset),
            "architecture": {"name": run.architecture, **self.study.network_options(run)},
            "activation": LINEAR if self._control_of(run) == RANDOM_PROJECTION else run.activation,
            "device": self.study.device,
            "precision": self.study.precision,
            "threads": self.study.threads,
        }

    def _control_of(self, run: Run) -> str:
        return self.study.variants.control_of(run.architecture)

    def _targets(self, dataset: str) -> dict:
        """How the targets of a regression are scaled."""
        if not self.study.has_targets(dataset):
            return {}
        return {"normalise_targets": self.study.datasets[dataset].get("normalise_targets", STANDARDISE)}

    def train(self, wildcards) -> str:
        """A network: what it is made of, how it is trained, and which snapshots are kept."""
        run = self.views.runs[wildcards.run]
        options = dict(self.study.training_of(run))
        snapshots = options.pop("snapshots")
        if options["optimizer"] != "sgd":
            del options["momentum"]
        attempts, wanted = options.pop("attempts"), options.pop("accept_test_accuracy", None)
        asked: dict = {} if wanted is None else {"acceptance": {"test_accuracy": wanted, "attempts": attempts}}
        dataset = self.study.datasets[run.dataset]
        if "class_rates" in dataset:
            asked["class_rates"] = dataset["class_rates"]
        if (control := self._control_of(run)) in (SHUFFLED_LABELS, NOISE):
            asked["control"] = control
        options["spectra"] = _spectra_params(options["spectra"])
        return self._params(
            "train",
            self.study.kind_of("architectures", run.architecture),
            **asked,
            **self._network(run),
            memory_format=self.study.memory_format,
            seed=run.seed,
            training=options,
            snapshots=snapshots,
        )

    def _sample(self, name: str) -> dict:
        sample, draw = self.study.drawn(name)
        options = self.study.samples[sample]
        unread = {"all": ("on", "draws", "n", "seed"), "first": ("on", "draws", "seed")}.get(options["choose"], ("on", "draws"))
        drawn = {"draw": draw} if draw > 1 else {}
        return {"name": name, **{key: value for key, value in options.items() if key not in unread}, **drawn}

    def dump(self, wildcards) -> str:
        """The activations of a network: its layers and epochs, and which observations it is given."""
        run = self.views.runs[wildcards.run]
        return self._params(
            "activations",
            self.study.kind_of("architectures", run.architecture),
            **self._network(run),
            keys=self._keys(wildcards.run, wildcards.sample),
            sample=self._sample(wildcards.sample),
            epochs=self.study.snapshots(run),
            layers=self.views.kept_layers(run),
        )

    def dump_given(self, wildcards) -> str:
        """The activations of a given network: its layers and epochs, and which observations are taken from its files."""
        run = self.views.runs[wildcards.run]
        kept, options = self.views.kept_layers(run), self.study.architectures[run.architecture]
        places = enumerate(self.study.layers(run), start=1)
        return self._params(
            "activations",
            architecture=run.architecture,
            dataset=run.dataset,
            keys=self._keys(wildcards.run, wildcards.sample),
            sample=self._sample(wildcards.sample),
            epochs=self.study.snapshots(run),
            layers={layer.name: (depth, layer.shape) for depth, layer in places if layer.name in kept},
            **({"layout": options["layout"]} if "layout" in options else {}),
        )

    def dump_input(self, wildcards) -> str:
        """The observations of a sample as networks receive them: which ones, and how they are normalised."""
        dataset = self.study.datasets[wildcards.dataset]
        tokens = {"vocabulary": dataset["vocabulary"]} if "vocabulary" in dataset else {}
        return self._params(
            "activations",
            **tokens,
            **self._targets(wildcards.dataset),
            dataset=wildcards.dataset,
            normalise=dataset["normalise"],
            keys=self._keys(store.input_folder(wildcards.dataset), wildcards.sample),
            sample=self._sample(wildcards.sample),
        )

    def neurons(self, wildcards) -> str:
        """The layers whose neurons are mapped, and the number of trees that estimate the importances of neurons."""
        run = self.views.runs[wildcards.run]
        view = self.views.mapped(run, wildcards.sample)
        return self._params(
            "neurons",
            keys=self._keys(wildcards.run, wildcards.sample),
            trees=(self.study.neurons or {})["trees"],
            view=view.to_params(),
            threads=self.study.threads,
        )

    def neighbors(self, wildcards) -> str:
        """The representations whose neighbours are found, and the number of neighbours per point."""
        view = self.views.view(wildcards.source, wildcards.sample, {})
        return self._params("neighbors", k=self._k(wildcards.source, wildcards.sample), view=view.to_params(), threads=1)

    def _k(self, source: str, sample: str) -> int:
        dataset = self.views.inputs[source] if source in self.views.inputs else self.views.runs[source].dataset
        return neighbors_kept(self.study, dataset, sample)

    def embed(self, wildcards) -> str:
        """One embedding method: its options and seeds, and the representations that it takes in."""
        embedding = self.study.embeddings[wildcards.embedding]
        view = self.views.view(wildcards.source, wildcards.sample, embedding.get("on", {}))
        options = {key: value for key, value in embedding.items() if key not in ("on", "seeds", "method", "engine")}
        kind = self.study.kind_of("embeddings", wildcards.embedding)
        return self._params(
            "embedding",
            kind,
            module=kind.stem,
            options=options,
            seeds=embedding["seeds"],
            view=view.to_params(),
            keys={**self._keys(wildcards.source, wildcards.sample), "embedding": wildcards.embedding},
            threads=self.study.threads,
            **({"pretrained": True} if self._is_pretrained(wildcards.source) else {}),
        )

    def _is_pretrained(self, source: str) -> bool:
        return source in self.views.runs and self.study.pretrained(self.views.runs[source])

    def _keys(self, source: str, sample: str) -> dict:
        keys = {"study": self.study.name, "sample": sample}
        if source in self.views.inputs:
            return {**keys, "dataset": self.views.inputs[source], "architecture": "", "activation": "", "seed": None}
        return {**keys, **self.views.runs[source].keys}

    def score_run(self, wildcards) -> str:
        """The scores of a network on its splits, and of its layers from their spectra."""
        run = self.views.runs[wildcards.run]
        scores = {}
        followed = self.study.followed_layers(run)
        for name, entry in self.views.run_scores(run).items():
            named = selection.with_layers_named(entry["on"], followed)
            scores[name] = {
                **self._of_network(entry, run),
                "layers": [layer for layer in followed if selection.allows(named, layer=layer)],
                "splits": selection.values(entry["on"], "sample"),
            }
        return self._params(
            "scores",
            *self._metrics(scores),
            keys=self._keys(wildcards.run, ""),
            space="run",
            **self._snapshots(run),
            layers=[layer.name for layer in self.study.layers(run)],
            scores=scores,
            **self._targets(run.dataset),
            **({"reconstructs": True} if self.study.reconstructs(run) else {}),
        )

    def _snapshots(self, run: Run) -> dict:
        """What the state of a network at an epoch depends on."""
        return {"snapshots": self.study.snapshots(run), **({"pretrained": True} if self.study.pretrained(run) else {})}

    def _of_network(self, entry: dict, run: Run, sample: str | None = None) -> dict:
        epochs = self.views.epochs_of(entry, run, sample)
        module = self.views.metrics[entry["metric"]].stem
        return {"metric": entry["metric"], "module": module, "options": entry["options"], "epochs": epochs}

    def _metrics(self, scores: dict[str, dict]) -> list[Kind]:
        return [self.views.metrics[entry["metric"]] for entry in scores.values()]

    def score_sample(self, wildcards) -> str:
        """The scores of a network on the observations of a sample."""
        run = self.views.runs[wildcards.run]
        wanted = self.views.scores_of(wildcards.run, wildcards.sample, "run")
        return self._params(
            "scores",
            *self._metrics(wanted),
            keys=self._keys(wildcards.run, wildcards.sample),
            space="run",
            **self._snapshots(run),
            scores={name: self._of_network(entry, run, wildcards.sample) for name, entry in wanted.items()},
        )

    def score_raw(self, wildcards) -> str:
        """The scores of representations in their own space."""
        return self._score(wildcards.source, wildcards.sample, "raw")

    def score_beside(self, wildcards) -> str:
        """The scores of representations that read more than these: weights, another sample, or other layers."""
        return self._score(wildcards.source, wildcards.sample, BESIDE)

    def _beside(self, source: str, sample: str, scores: dict[str, dict]) -> dict[str, object]:
        """What scores are told of what they read beside a representation."""
        reads = {read for entry in scores.values() for read in self.views.metrics[entry["metric"]].reads("raw")}
        told: dict[str, object] = {}
        if "earlier" in reads:
            told["sequence"] = self.views.view(source, sample, {}).whole
        if "weights" in reads:
            run = self.views.runs[source]
            told["last"] = "" if run in self.study.given else last_linear(self.study.layers(run))
        return told

    def score_embedding(self, wildcards) -> str:
        """The scores of representations in one embedding."""
        return self._score(wildcards.source, wildcards.sample, wildcards.embedding)

    def _score(self, source: str, sample: str, space: str) -> str:
        is_raw = space_of_rows(space) == "raw"
        seeds = [None] if is_raw else self.study.embeddings[space]["seeds"]
        selector = {} if is_raw else self.study.embeddings[space].get("on", {})
        scores = self.views.scores_of(source, sample, space)
        return self._params(
            "scores",
            *self._metrics(scores),
            keys=self._keys(source, sample),
            space=space_of_rows(space),
            **(self._beside(source, sample, scores) if space == BESIDE else {}),
            **({"snapshots": [0]} if source in self.views.inputs else self._snapshots(self.views.runs[source])),
            view=self.views.view(source, sample, selector).to_params(),
            scores=scores,
            seeds=seeds,
            layers=self._layer_sizes(source),
            distinct_rows=self._k(source, sample),
            threads=1,
        )

    def compare(self, wildcards) -> str:
        """What of a network is compared with what, and by which measures."""
        name, run = wildcards.comparison, self.views.runs[wildcards.run]
        entry, found = self.study.comparisons[name], self.comparisons
        known = self.study.kinds.of("comparisons")
        told: dict[str, object] = {"with": entry.get("with", WITH_ALL)}
        if entry["between"] in DIFFER_IN:
            told = {"others": [self._compared_with(name, run, other) for other in found.others(name, run)]}
        return self._params(
            "comparison",
            *(known[measure] for measure in entry["measures"]),
            keys=self._keys(wildcards.run, wildcards.sample),
            comparison=name,
            between=entry["between"],
            measures=entry["measures"],
            permutations=entry["permutations"],
            **self._snapshots(run),
            epochs=found.view(name, run).epochs,
            layers=found.layers(name, run),
            **told,
        )

    def _compared_with(self, name: str, run: Run, other: Run) -> dict:
        layers = self.comparisons.layers_of_both(name, run, other)
        return {
            "keys": other.keys,
            "epochs": self.comparisons.epochs_of_both(name, run, other),
            "layers": [[*mine, *theirs] for mine, theirs in layers],
            "independent": self.comparisons.others(name, run)[other],
        }

    def gather_comparisons(self, wildcards) -> str:
        """Which comparisons there are, of which networks."""
        files = [[name, *run.keys.values()] for name, run in self.comparisons.all_files()]
        return self._params("comparison", files=files)

    def score_observations(self, wildcards) -> str:
        """The scores that are kept of every observation, in one space: of a network as such, or of its whole layers."""
        source, sample, space = wildcards.source, wildcards.sample, wildcards.space
        wanted = self.views.observed_scores(source, sample, space)
        told = {"keys": self._keys(source, sample), "space": space_of_rows(space), "threads": 1}
        told |= {"beside": True, **self._beside(source, sample, wanted)} if space == BESIDE else {}
        if source in self.views.inputs:
            told["snapshots"] = [0]
        else:
            told |= self._snapshots(self.views.runs[source])
        if space == "run":
            of_network = {
                name: {
                    "metric": entry["metric"],
                    "module": self.views.metrics[entry["metric"]].stem,
                    "options": entry["options"],
                    "epochs": entry["epochs"],
                }
                for name, entry in wanted.items()
            }
            return self._params("observations", *self._metrics(wanted), **told, scores=of_network)
        selectors = [(self.study.observations or {})["on"]]
        is_raw = space_of_rows(space) == "raw"
        selectors += [] if is_raw else [self.study.embeddings[space].get("on", {})]
        view = self.views.view(source, sample, {}).whole_only()
        for selector in selectors:
            view = view.common(self.views.view(source, sample, selector))
        return self._params(
            "observations",
            *self._metrics(wanted),
            **told,
            view=view.to_params(),
            scores=wanted,
            seeds=[None] if is_raw else self.study.embeddings[space]["seeds"],
            layers=self._layer_sizes(source),
            distinct_rows=self._k(source, sample),
        )

    def _layer_sizes(self, source: str) -> dict[str, tuple[int, int]]:
        """Layer → (depth, number of filters or units), for the rows of representations that a diverged network lacks."""
        if source in self.views.inputs:
            return {"input": (0, 0)}
        layers = self.study.layers(self.views.runs[source])
        return {layer.name: (depth, layer.width) for depth, layer in enumerate(layers, start=1)}

    def aggregate(self, wildcards) -> str:
        """What a complete table of scores must contain: every network, its files of scores, and the names of the scores."""
        return self._params(
            "aggregate",
            study=self.study.name,
            expected=self._expected(),
            networks=self._networks(),
            scores=sorted(self.study.scores),
            ranges={name: kind.says("range") for name, kind in self._kinds_of_scores() if kind.says("range")},
            accuracies=self._network_accuracies([]),
            **({"compared": sorted(self.study.compared)} if self.study.compared else {}),
            **({"draws": draws} if (draws := self._later_draws()) else {}),
            **({"controls": controls} if (controls := sorted(self.study.variants.controls())) else {}),
            **({"options": options} if (options := self.study.variants.columns()) else {}),
        )

    def _later_draws(self) -> dict[str, tuple[str, int]]:
        """Name of a draw → its sample and number, of all but the first draws, which have the names of their samples."""
        names = [name for sample in self.study.samples for name in self.study.draws_of(sample)[1:]]
        return {name: self.study.drawn(name) for name in names}

    def _metrics_by_score(self) -> list[tuple[str, Kind]]:
        if self.study.studies:
            # What the scores of other studies measure is told by their names alone.
            return sorted(self.views.metrics.items())
        return [(name, self.views.metrics[entry["metric"]]) for name, entry in sorted(self.study.scores.items())]

    def _kinds_of_scores(self) -> list[tuple[str, Kind]]:
        """As _metrics_by_score, with the scores that comparisons are."""
        compared = [(name, self.study.metric_of(name)) for name in self.study.compared]
        return sorted([*self._metrics_by_score(), *compared], key=lambda named: named[0])

    def _networks(self) -> list[dict]:
        """Every network; networks that differ only in their seed share one entry."""
        groups: dict[str, dict] = {}
        for run in self.study.runs:
            made_by = self.views.made_by(run)
            if not made_by:
                continue
            keys = run.keys
            seed = keys.pop("seed")
            # Of a network that the study trains, the file of its spectra tells.
            told_by = {"sample": made_by["sample"]} if "sample" in made_by else {}
            groups.setdefault(canonical_json(keys), {**keys, **told_by, "seeds": []})["seeds"].append(seed)
        return [{**group, "seeds": sorted(group["seeds"])} for _, group in sorted(groups.items())]

    def _expected(self) -> list[dict]:
        """Every file of scores; networks that differ only in their seed share one entry."""
        groups: dict[str, dict] = {}
        samples: dict[str, list[str]] = {}
        for source, sample in self.views.sources():
            samples.setdefault(source, []).append(sample)
        for source in [*self.views.inputs, *self.views.runs]:
            spaces = sorted([sample, space] for sample in samples.get(source, []) for space in self.views.spaces(source, sample))
            if source in self.views.inputs:
                network, seed = {"dataset": self.views.inputs[source]}, None
            else:
                network = self.views.runs[source].keys
                seed = network.pop("seed")
                spaces = [["", "run"], *spaces] if self.views.run_scores(self.views.runs[source]) else spaces
            if spaces:
                group = groups.setdefault(canonical_json([network, spaces]), {**network, "seeds": [], "files": spaces})
                group["seeds"] = sorted([*group["seeds"], *([] if seed is None else [seed])])
        return sorted(groups.values(), key=canonical_json)

    def claims(self, wildcards) -> str:
        """The claims in the order of the study file, and the sizes of networks where a statistic needs them."""
        kinds = [self.study.kind_of("claims", name) for name in self.study.claims]
        needed = any("sizes" in kind.says("needs", ()) for kind in kinds)
        return self._params(
            "aggregate",
            *kinds,
            claims=[{"claim": name, **claim, **self._pairs_of(claim)} for name, claim in self.study.claims.items()],
            **({"sizes": self._sizes(self.study.runs)} if needed else {}),
            **({"alike": alike} if (alike := self._alike()) else {}),
        )

    def _alike(self) -> dict[str, dict[str, dict[str, str]]]:
        """Claim → column → name of a network's entry → the name that those share which differ in what it compares alone."""
        found = {
            name: self.study.variants.alike(compared_options(self.study, claim)) for name, claim in self.study.claims.items()
        }
        return {name: columns for name, columns in found.items() if columns}

    def _pairs_of(self, claim: dict) -> dict[str, str]:
        """What the networks of a pair differ in, of a claim on a score of pairs of networks, for its note."""
        compared = self.study.compared.get(selection.named(claim, "score")[0])
        between = self.study.comparisons[compared["comparison"]]["between"] if compared else ""
        return {"pairs_of": between} if between in DIFFER_IN else {}

    def figure(self, wildcards) -> str:
        """The options of a figure, and the facts that its kind needs."""
        return self._shown("figures", wildcards.figure)

    def table(self, wildcards) -> str:
        """The options of a table, and the facts that its kind needs."""
        return self._shown("tables", wildcards.table)

    def _shown(self, block: str, name: str) -> str:
        options, kind = getattr(self.study, block)[name], self.study.kind_of(block, name)
        on = options.get("on", {})
        chosen = [run for run in self.study.runs if selection.allows(on, **run.keys)]
        if "network" in kind.says("shows_one", ()):
            [run] = chosen
            on = self.views.named_layers(on, run)
            options = {**options, "on": on, **self._snapshots(run)}
        if "draw" in on:
            # A file is of one draw, and has its name for that of a sample.
            of_files = {key: value for key, value in on.items() if key != "draw"}
            options = {**options, "on": {**of_files, "sample": self.study.draws_shown(on)}}
        facts: dict = {fact: NEEDS[fact](self, chosen) for fact in kind.says("needs", ()) if fact not in kind.needs_of_dataset}
        if kind.says("names_options"):
            named = {
                word: named_option(self.study, word) for option in kind.says("names_options") if (word := options.get(option))
            }
            facts["named_options"] = {word: option.to_params() for word, option in named.items() if option}
            facts["alike"] = alike_without(self.study, named)
        return self._params("figure", kind, options={**options, **facts})

    def explore_sample(self, wildcards) -> str:
        """Which observations of a dataset the explorer shows."""
        return self._params("explorer", dataset=wildcards.dataset, sample=self._sample(wildcards.sample))

    def explore_source(self, wildcards) -> str:
        """Of which network, or input, the explorer shows the embeddings."""
        return self._params("explorer", source=wildcards.source, sample=wildcards.sample)

    def explorer(self, wildcards) -> str:
        """What there is to choose in the explorer, and the scores that it shows beside."""
        kinds = self._metrics_by_score()
        scores = {
            name: {key: kind.says(key) for key in ("higher_is_better", "is_accuracy")}
            | {"label": self._label(name, kind), "unit": self._unit(kind, self.study.runs)}
            for name, kind in kinds
        }
        catalogue = {
            "study": self.study.name,
            "networks": self._explored_networks(),
            "inputs": self._explored_inputs(),
            "embeddings": {
                name: {key: embedding[key] for key in ("method", "over", "seeds") if key in embedding}
                for name, embedding in self.study.embeddings.items()
            },
            "scores": scores,
            "splits": {name: sample["split"] for name, sample in self.study.samples.items()},
        }
        return self._params("explorer", catalogue=catalogue)

    def index(self, wildcards) -> str:
        """What the index shows: captions of figures and tables, labels of scores and statistics, whether there is an explorer."""
        explorer = store.in_study("explorer", part="index.html") if self.views.embedded() else ""
        figures = [self._captioned("figures", name) for name in self.study.figures]
        tables = [self._captioned("tables", name) for name in self.study.tables]
        labels = {name: told["label"] for name, told in self._told_of_metrics(self.study.runs).items()}
        statistics = {claim["statistic"]: self.study.kind_of("claims", name) for name, claim in self.study.claims.items()}
        page = {
            "study": self.study.name,
            "explorer": explorer,
            "figures": figures,
            "tables": tables,
            "labels": labels,
            "statistics": {name: kind.says("label", name.replace("_", " ")) for name, kind in statistics.items()},
        }
        return self._params("index", page=page)

    def _captioned(self, block: str, name: str) -> dict:
        options, kind = getattr(self.study, block)[name], self.study.kind_of(block, name)
        formats = {"formats": list(kind.says("formats", store.FIGURE_FORMATS))} if block == "figures" else {}
        description, on = kind.says("description"), self.study.variants.as_written(options.get("on", {}))
        if options.get("controls"):
            on = {**on, "controls": options["controls"]}
        return {"name": name, "title": options["title"], "description": description, "on": on, **formats}

    def _explored_networks(self) -> list[dict]:
        """Every network, with its samples and their embeddings, if any; those that differ only in their seed share one entry."""
        groups: dict[str, dict] = {}
        explored = self._explored()
        for name, run in self.views.runs.items():
            samples = explored.get(name) or {sample: [] for sample in self.views.samples_of(run)}
            keys = run.keys
            seed = keys.pop("seed")
            about = {**keys, "samples": samples, **self._snapshots(run)}
            groups.setdefault(canonical_json(about), {**about, "seeds": []})["seeds"].append(seed)
        return [{**group, "seeds": sorted(group["seeds"])} for group in groups.values()]

    def _explored_inputs(self) -> dict[str, dict]:
        explored = self._explored().items()
        return {self.views.inputs[name]: {"samples": samples} for name, samples in explored if name in self.views.inputs}

    def _explored(self) -> dict[str, dict[str, list[str]]]:
        """Source → sample → the names of its embeddings, for all that is embedded."""
        explored: dict[str, dict[str, list[str]]] = {}
        for source, sample in self.views.embedded():
            explored.setdefault(source, {})[sample] = self.views.embeddings_of(source, sample)
        return explored

    def _sizes(self, runs: list[Run]) -> dict[str, dict]:
        """Architecture → its depth and width (Study.size), for those of the given networks."""
        return {run.architecture: self.study.size(run) for run in runs}

    def _activations(self, runs: list[Run]) -> list[str]:
        """The activations of the given networks, as the study lists them."""
        return list(dict.fromkeys(run.activation for run in runs))

    def _control_networks(self, _: list[Run]) -> dict[str, dict[str, str]]:
        """Architecture of a control → which control it is, and the architecture that it is a control of."""
        variants = self.study.variants
        alike = variants.alike([CONTROL]).get("architecture", {})
        return {name: {"control": control, "of": alike[name]} for name, control in variants.controls().items()}

    def _network_accuracies(self, _: list[Run]) -> list[str]:
        """The scores that are the accuracy of a network on a split."""
        return self._accuracies(of_splits=True)

    def _layer_accuracies(self, _: list[Run]) -> list[str]:
        """The scores of representations and embeddings that are a share of points whose class is told right."""
        return self._accuracies(of_splits=False)

    def _accuracies(self, of_splits: bool) -> list[str]:
        named = self._metrics_by_score()
        return [name for name, kind in named if kind.says("is_accuracy") and kind.of_splits == of_splits]

    def _told_of_metrics(self, runs: list[Run]) -> dict[str, dict]:
        """Score → what figures name it by: label, unit (none where it is not that of all runs), range, whether more is better.

        A score has the label of its metric; several scores of one metric have their own names, but for the one named as it is.
        Variants of a score have the name of their `entry` too.
        """
        told = {}
        compared, comparisons = self.study.compared, self.study.comparisons
        for name, kind in self._kinds_of_scores():
            label = self._label(name, kind)
            if name in compared:
                comparison = compared[name]["comparison"]
                label = f"{label} {_sides(comparisons[comparison])} ({comparison})"
            told[name] = {
                "label": label,
                "unit": self._unit(kind, runs),
                "range": kind.says("range", [None, None]),
                "higher_is_better": kind.says("higher_is_better"),
                **({"compares": True} if name in compared else {}),
            }
            if (entry := self.study.variants.entry_of("score", name)) != name:
                told[name]["entry"] = entry
        return told

    def _label(self, name: str, kind: Kind) -> str:
        """What figures call a score: by its metric, or by its own name where it is one of several of the metric."""
        alike = Counter(entry["metric"] for entry in self.study.scores.values())[kind.name]
        return name.replace("_", " ") if alike > 1 and name != kind.name else kind.says("label", name)

    def _unit(self, kind: Kind, runs: list[Run]) -> str:
        """The unit of a score; none where it has none, or not that of all these runs."""
        usual = kind.says("unit", WITHOUT_UNIT)
        of_numbers = {self._of_numbers(run) for run in runs} or {False}
        units = {kind.says("unit_of_numbers", usual) if are_numbers else usual for are_numbers in of_numbers}
        unit = next(iter(units)) if len(units) == 1 else WITHOUT_UNIT
        return "" if unit == WITHOUT_UNIT else unit

    def _loss_unit(self, runs: list[Run]) -> str:
        """The unit of what these networks learn to make small; none where it is not the same of all."""
        metrics = self.study.kinds.of("scores").values()
        return self._unit(next(kind for kind in metrics if kind.says("is_objective") and not kind.is_own), runs)

    def _of_numbers(self, run: Run) -> bool:
        """Whether a network predicts numbers instead of classes."""
        return self.study.reconstructs(run) or self.study.has_targets(run.dataset)

    def _repeats(self, _: list[Run]) -> dict[str, str]:
        """Score → the one of the study of which it is an exact function."""
        named = {entry["metric"]: name for name, entry in self.study.scores.items() if not entry["options"]}
        named |= {kind.name: name for name, kind in self._metrics_by_score() if self.study.studies}
        followed = ((name, kind.says("function_of", "")) for name, kind in self._metrics_by_score())
        return {name: named[other] for name, other in followed if other in named}

    def _higher_is_better(self, _: list[Run]) -> dict[str, bool | None]:
        """Score → whether more of it is better; None where that has no meaning."""
        return {name: self.study.metric_of(name).says("higher_is_better") for name in self.study.scored}

    def _measures(self, _: list[Run]) -> dict[str, dict]:
        """Measure of any comparison → its label, range, value for a representation and itself, and whether sides matter."""
        asked = sorted({name for entry in self.study.comparisons.values() for name in entry["measures"]})
        known = self.study.kinds.of("comparisons")
        return {
            name: {
                "label": known[name].says("label"),
                "range": known[name].says("range"),
                "itself": known[name].says("itself", 1),
                "one_sided": bool(known[name].says("one_sided")),
            }
            for name in asked
        }


# Facts that a kind can request besides its options, by the name that it declares under `needs`.
NEEDS: dict[str, Callable[[JobParams, list[Run]], dict | list | str]] = {
    "sizes": JobParams._sizes,
    "activations": JobParams._activations,
    "control_networks": JobParams._control_networks,
    "metrics": JobParams._told_of_metrics,
    "higher_is_better": JobParams._higher_is_better,
    "network_accuracies": JobParams._network_accuracies,
    "layer_accuracies": JobParams._layer_accuracies,
    "repeats": JobParams._repeats,
    "measures": JobParams._measures,
    "loss_unit": JobParams._loss_unit,
}


def _sides(comparison: dict) -> str:
    """What a comparison that is a score compares, in words."""
    if comparison["between"] in DIFFER_IN:
        return f"of two {comparison['between']}"
    place, what = comparison["with"], {"layers": "layer", "epochs": "snapshot"}[comparison["between"]]
    return f"with the {what} before" if place == "previous" else f"with the {place} {what}"


def _spectra_params(options: dict) -> dict:
    """The options of spectra. `every` is fixed at 1 without the phase `train`, which alone reads it."""
    return {**options, "every": options["every"] if "train" in options["phases"] else 1}
