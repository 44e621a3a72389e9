"""What each Snakemake job is told: one canonical JSON string of exactly what it reads.

Methods are named after their rules and take Snakemake's wildcards.
"""

from layerscope import selection, store
from layerscope.files.provenance import canonical_json
from layerscope.study.kinds import engine_module, shows_one, told_lambdas, told_sizes
from layerscope.study.study import Run, Study
from layerscope.study.views import Looks

# What claims call the sizes of networks.
NETWORK_SIZES = ("width", "layers")


class JobParams:
    """The params of every job of a study, by the wildcards of its files."""

    def __init__(self, study: Study, looks: Looks):
        self.study = study
        self.looks = looks

    def _told(self, schema: str, **told: object) -> str:
        return canonical_json({"schema": store.SCHEMA[schema], **told})

    def prepare(self, wildcards) -> str:
        options = self.study.datasets[wildcards.dataset]
        source = {key: value for key, value in options.items() if key not in ("normalise", "validation", "class_rates")}
        return self._told("data", dataset=wildcards.dataset, source=source, validation=options["validation"])

    def _network(self, run: Run) -> dict:
        return {
            "dataset": run.dataset,
            "normalise": self.study.datasets[run.dataset]["normalise"],
            "architecture": {"name": run.architecture, **self.study.architectures[run.architecture]},
            "activation": run.activation,
            "device": self.study.device,
            "precision": self.study.precision,
            "threads": self.study.threads,
        }

    def train(self, wildcards) -> str:
        run = self.looks.runs[wildcards.run]
        options = self.study.training_of(run)
        snapshots = options.pop("snapshots")
        if options["optimizer"] != "sgd":
            del options["momentum"]
        attempts, wanted = options.pop("attempts"), options.pop("accept_test_accuracy", None)
        asked = {} if wanted is None else {"acceptance": {"test_accuracy": wanted, "attempts": attempts}}
        dataset = self.study.datasets[run.dataset]
        if "class_rates" in dataset:
            asked["class_rates"] = dataset["class_rates"]
        options["spectra"] = _spectra_params(options["spectra"])
        return self._told(
            "train",
            **asked,
            **self._network(run),
            memory_format=self.study.memory_format,
            seed=run.seed,
            training=options,
            snapshots=snapshots,
        )

    def _sample(self, name: str) -> dict:
        sample = self.study.samples[name]
        unread = {"all": ("on", "n", "seed"), "first": ("on", "seed")}.get(sample["choose"], ("on",))
        return {"name": name, **{key: value for key, value in sample.items() if key not in unread}}

    def dump(self, wildcards) -> str:
        run = self.looks.runs[wildcards.run]
        return self._told(
            "activations",
            **self._network(run),
            keys=self._keys(wildcards.run, wildcards.sample),
            sample=self._sample(wildcards.sample),
            epochs=self.study.snapshots(run),
            layers=self.study.kept_layers(run),
        )

    def dump_input(self, wildcards) -> str:
        return self._told(
            "activations",
            dataset=wildcards.dataset,
            normalise=self.study.datasets[wildcards.dataset]["normalise"],
            keys=self._keys(store.input_folder(wildcards.dataset), wildcards.sample),
            sample=self._sample(wildcards.sample),
        )

    def neurons(self, wildcards) -> str:
        run = self.looks.runs[wildcards.run]
        view = self.study.mapped(run, wildcards.sample)
        keys = self._keys(wildcards.run, wildcards.sample)
        return self._told("neurons", keys=keys, trees=self.study.neurons["trees"], view=view, threads=self.study.threads)

    def neighbors(self, wildcards) -> str:
        view = self.looks.view(wildcards.source, wildcards.sample, {})
        return self._told("neighbors", k=self.study.k, view=view, threads=1)

    def embed(self, wildcards) -> str:
        embedding = self.study.embeddings[wildcards.embedding]
        view = self.looks.view(wildcards.source, wildcards.sample, embedding.get("on", {}))
        options = {key: value for key, value in embedding.items() if key not in ("on", "seeds", "method", "engine")}
        return self._told(
            "embedding",
            module=engine_module(embedding),
            options=options,
            seeds=embedding["seeds"],
            view=view,
            keys={**self._keys(wildcards.source, wildcards.sample), "embedding": wildcards.embedding},
            threads=self.study.threads,
        )

    def _keys(self, source: str, sample: str) -> dict:
        keys = {"study": self.study.name, "sample": sample}
        if source in self.looks.inputs:
            return {**keys, "dataset": self.looks.inputs[source], "architecture": "", "activation": "", "seed": None}
        return {**keys, **self.looks.runs[source].keys}

    def score_run(self, wildcards) -> str:
        run = self.looks.runs[wildcards.run]
        scores = {}
        for name, entry in self.looks.run_scores(("history", "spectra"), run).items():
            followed = self.study.followed_layers(run)
            named = self.study.named_layers(entry["on"], run, followed)
            scores[name] = {
                **self._of_network(entry, run),
                "layers": [layer for layer in followed if selection.allows(named, layer=layer)],
                "splits": selection.values(entry["on"], "sample"),
            }
        return self._told(
            "scores",
            keys=self._keys(wildcards.run, ""),
            space="run",
            snapshots=self.study.snapshots(run),
            layers=[layer.name for layer in self.study.layers(run)],
            scores=scores,
            **({} if self.study.classifies(run) else {"reconstructs": True}),
        )

    def _of_network(self, entry: dict, run: Run, sample: str | None = None) -> dict:
        epochs = self.looks.epochs_of(entry, run, sample)
        return {"metric": entry["metric"], "options": entry["options"], "epochs": epochs}

    def score_sample(self, wildcards) -> str:
        run = self.looks.runs[wildcards.run]
        wanted = self.looks.scores_of(wildcards.run, wildcards.sample, "run")
        return self._told(
            "scores",
            keys=self._keys(wildcards.run, wildcards.sample),
            space="run",
            snapshots=self.study.snapshots(run),
            scores={name: self._of_network(entry, run, wildcards.sample) for name, entry in wanted.items()},
        )

    def score_raw(self, wildcards) -> str:
        return self._score(wildcards.source, wildcards.sample, "raw")

    def score_embedding(self, wildcards) -> str:
        return self._score(wildcards.source, wildcards.sample, wildcards.embedding)

    def _score(self, source: str, sample: str, space: str) -> str:
        seeds = [None] if space == "raw" else self.study.embeddings[space]["seeds"]
        selector = {} if space == "raw" else self.study.embeddings[space].get("on", {})
        scores = self.looks.scores_of(source, sample, space)
        return self._told(
            "scores",
            keys=self._keys(source, sample),
            space=space,
            snapshots=[0] if source in self.looks.inputs else self.study.snapshots(self.looks.runs[source]),
            view=self.looks.view(source, sample, selector),
            scores=scores,
            seeds=seeds,
            layers=self._layer_sizes(source),
            distinct_rows=self.study.k,
            threads=1,
        )

    def _layer_sizes(self, source: str) -> dict[str, tuple[int, int]]:
        """Layer → its depth and how many filters or units it has: what a diverged network would have left."""
        if source in self.looks.inputs:
            return {"input": (0, 0)}
        layers = self.study.layers(self.looks.runs[source])
        return {layer.name: (depth, layer.width) for depth, layer in enumerate(layers, start=1)}

    def aggregate(self, wildcards) -> str:
        return self._told(
            "aggregate",
            study=self.study.name,
            expected=self._expected(),
            networks=self._networks(),
            scores=sorted(self.study.scores),
            accuracies=sorted(name for name, entry in self.study.scores.items() if entry["metric"] == "accuracy"),
        )

    def _networks(self) -> list[dict]:
        """Every network, those that differ in their seed only in one entry."""
        groups: dict[str, dict] = {}
        for run in self.study.runs:
            keys = run.keys
            seed = keys.pop("seed")
            groups.setdefault(canonical_json(keys), {**keys, "seeds": []})["seeds"].append(seed)
        return [{**group, "seeds": sorted(group["seeds"])} for _, group in sorted(groups.items())]

    def _expected(self) -> list[dict]:
        """Every file of scores, networks that differ in their seed only in one entry."""
        groups: dict[str, dict] = {}
        samples: dict[str, list[str]] = {}
        for source, sample in self.looks.looked_at():
            samples.setdefault(source, []).append(sample)
        for source in [*self.looks.inputs, *self.looks.runs]:
            spaces = sorted([sample, space] for sample in samples.get(source, []) for space in self.looks.spaces(source, sample))
            if source in self.looks.inputs:
                network, seed = {"dataset": self.looks.inputs[source]}, None
            else:
                network = self.looks.runs[source].keys
                seed = network.pop("seed")
                spaces = (
                    [["", "run"], *spaces] if self.looks.run_scores(("history", "spectra"), self.looks.runs[source]) else spaces
                )
            if spaces:
                group = groups.setdefault(canonical_json([network, spaces]), {**network, "seeds": [], "files": spaces})
                group["seeds"] = sorted([*group["seeds"], *([] if seed is None else [seed])])
        return sorted(groups.values(), key=canonical_json)

    def claims(self, wildcards) -> str:
        of_sizes = [claim for claim in self.study.claims.values() if "sizes" in claim or claim.get("along") in NETWORK_SIZES]
        sizes = {"sizes": self._sizes(self.study.runs)} if of_sizes else {}
        return self._told("aggregate", claims=self.study.claims, **sizes)

    def figure(self, wildcards) -> str:
        return self._drawn(wildcards.figure)

    def film(self, wildcards) -> str:
        return self._drawn(wildcards.film)

    def _drawn(self, name: str) -> str:
        options = self.study.figures[name]
        if "network" in shows_one(options["kind"]):
            on = options.get("on", {})
            [run] = [run for run in self.study.runs if selection.allows(on, **run.keys)]
            on = self.study.named_layers(on, run)
            options = {**options, "on": on, "snapshots": self.study.snapshots(run)}
        if told_sizes(options["kind"]):
            chosen = [run for run in self.study.runs if selection.allows(options.get("on", {}), **run.keys)]
            options = {**options, "sizes": self._sizes(chosen)}
        if told_lambdas(options["kind"]):
            lambdas = {name: embedding["lambda"] for name, embedding in self.study.embeddings.items() if "lambda" in embedding}
            options = {**options, "lambdas": lambdas}
        return self._told("figure", options=options)

    def _sizes(self, runs: list[Run]) -> dict[str, dict]:
        """Architecture → its depth and width (Study.size), for those of the given networks."""
        return {run.architecture: self.study.size(run) for run in runs}

    def table(self, wildcards) -> str:
        options = self.study.tables[wildcards.table]
        if options["kind"] == "published":
            better = {name: self.looks.metrics[entry["metric"]].higher_is_better for name, entry in self.study.scores.items()}
            options = {**options, "higher_is_better": better}
        return self._told("figure", options=options)


def _spectra_params(options: dict) -> dict:
    """How layers are followed, without what the phases asked for do not read."""
    return {**options, "every": options["every"] if "train" in options["phases"] else 1}
