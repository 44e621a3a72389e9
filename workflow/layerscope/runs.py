"""What each Snakemake job is told and reads, and what a study must produce: everything the rules ask for.

Methods that take `wildcards` are Snakemake's input and params functions. Params are one canonical JSON string of exactly what
the job reads, and `code` inputs are the sources its result depends on.
"""

from collections.abc import Iterable

from layerscope import dependencies, selection, store
from layerscope.errors import StudyError, one_of
from layerscope.provenance import canonical_json
from layerscope.study import Run, Study, engine_module, metrics, neighbors_needed, shows_one

FIGURE_INPUTS = ("score_table", "summary", "tests", "data", "history", "activations", "embedding", "published")
TABLE_FORMATS = ("csv", "md", "tex")
FIGURE_FORMATS = ("svg", "png", "csv")


class Jobs:
    """The jobs of one study, by the wildcards of their files."""

    def __init__(self, study: Study):
        self.study = study
        self.metrics = metrics()
        self._runs = {run.folder: run for run in study.runs}
        self._inputs = {store.input_folder(name): name for name in dict.fromkeys(run.dataset for run in study.runs)}
        self._wanted_scores: dict[tuple[str, str, str], dict] = {}

    def check(self) -> None:
        """Raise StudyError where a score, figure or table of the study reaches nothing that the study makes."""
        reached = {name for run in self.study.runs for name in self._run_scores(("history", "spectra"), run)}
        for source, sample in self.looked_at():
            for space in self.spaces(source, sample):
                reached |= self.scores_of(source, sample, space).keys()
        for name in self.study.scores:
            if name not in reached:
                raise StudyError(f"scores.{name} reaches nothing that this study looks at; widen its `on`, or remove it")
        for block in ("figures", "tables"):
            for name, options in getattr(self.study, block).items():
                self._shown_reads(block, name)
                if block == "figures" and "embedding" in shows_one(options["kind"]) and not self._is_embedded(options["on"]):
                    raise StudyError(f"figures.{name}.on chooses a network that its embedding does not take in")

    def _is_embedded(self, on: dict) -> bool:
        input_alone = selection.values(on, "layer") == ["input"]
        return any(
            selection.allows(on, embedding=embedding) and not _empty(self.view(source, sample, on))
            for source, sample in self.looked_at()
            if input_alone or source in self._runs
            for embedding in self.embeddings_of(source, sample)
        )

    # Names

    def pattern(self, name: str) -> str:
        """The path of a kind of file, wildcards open."""
        return store.pattern(self.study.name, name)

    def path(self, name: str, **keys: object) -> str:
        """The path of one file of the study."""
        return store.path(self.study.name, name, **keys)

    def log(self, job: str) -> str:
        """The log of a job, its wildcards open."""
        return self.path("log", job=job)

    def benchmark(self, job: str) -> str:
        """The measured time and memory of a job, its wildcards open."""
        return self.path("benchmark", job=job)

    def constraints(self) -> dict[str, str]:
        """What each wildcard can be: names that the study defines, nothing else."""
        runs = "|".join(self._runs) or "none"
        return {
            "run": runs,
            "source": "|".join([*self._runs, *self._inputs]),
            "dataset": "|".join(self._inputs.values()),
            "sample": "|".join(self.study.samples) or "none",
            "embedding": "|".join(self.study.embeddings) or "none",
            "figure": "|".join(self.study.figures) or "none",
            "table": "|".join(self.study.tables) or "none",
        }

    # Targets

    def targets(self) -> list[str]:
        """Every file that a finished study has, beyond what others are made from."""
        wanted = [self.path("checkpoints", run=run.folder) for run in self.study.runs]
        wanted += self.score_files()
        if self.score_files():
            wanted += [self.path(name) for name in ("score_table", "summary", "tests", "networks")]
        for block in ("figures", "tables"):
            for name in getattr(self.study, block):
                wanted += self.target(name)
        if self.study.claims:
            wanted.append(self.path("claims"))
        for source, sample in self.looked_at():
            wanted += [
                self.path("embedding", source=source, sample=sample, embedding=name)
                for name in self.embeddings_of(source, sample)
            ]
        return wanted

    def named_targets(self) -> list[str]:
        """The names of figures, tables and claims: each is a target."""
        return [*self.study.figures, *self.study.tables, *self.study.claims]

    def target(self, name: str) -> list[str]:
        """The files behind the name of a figure, a table or a claim."""
        if name in self.study.figures:
            return [self.path("figure", figure=name, format=suffix) for suffix in FIGURE_FORMATS]
        if name in self.study.tables:
            return [self.path("table", table=name, format=suffix) for suffix in TABLE_FORMATS]
        return [self.path("claims")]

    def data_files(self) -> list[str]:
        """The prepared datasets of all networks."""
        return [self.path("data", dataset=name) for name in self._inputs.values()]

    def looked_at(self) -> list[tuple[str, str]]:
        """(source, sample) of every activations file: those of all networks, and of the input of their datasets."""
        found: dict[tuple[str, str], None] = {}
        for run in self.study.runs:
            for sample in self.study.samples_of(run):
                found[store.input_folder(run.dataset), sample] = None
                found[run.folder, sample] = None
        return list(found)

    def score_files(self) -> list[str]:
        """Every file of scores."""
        files = []
        of_networks = [run for run in self.study.runs if self._run_scores(("history", "spectra"), run)]
        files += [self.path("run_scores", run=run.folder) for run in of_networks]
        for source, sample in self.looked_at():
            files += [self.path("scores", source=source, sample=sample, space=space) for space in self.spaces(source, sample)]
        return files

    def spaces(self, source: str, sample: str) -> list[str]:
        """The spaces in which a source is scored: run, raw and its embeddings, those that some score applies to."""
        spaces = ["run", "raw", *self.embeddings_of(source, sample)]
        return [space for space in spaces if self.scores_of(source, sample, space)]

    def spectra_files(self) -> list[str]:
        """A file of every network that says how its training ended and what made it."""
        return [self.path("spectra", run=run.folder) for run in self.study.runs]

    # Views

    def view(self, source: str, sample: str, selector: dict) -> dict:
        """What a selector leaves of the representations of a source, as job params (layerscope.store.View)."""
        nothing = {"epochs": [], "whole": [], "filters": {}}
        if not selection.allows(selector, sample=sample):
            return nothing
        if source in self._inputs:
            reached = selection.allows_input(selector, self._inputs[source]) and any(
                selection.allows(selector, **run.keys) for run in self._runs_of_input(source, sample)
            )
            return {"epochs": [0], "whole": ["input"], "filters": {}} if reached else nothing
        run = self._runs[source]
        if not selection.allows(selector, **run.keys):
            return nothing
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
        dataset = self._inputs[source]
        return [run for run in self.study.runs if run.dataset == dataset and sample in self.study.samples_of(run)]

    def embeddings_of(self, source: str, sample: str) -> list[str]:
        """The embeddings that are made of a source."""
        return [
            name
            for name, options in self.study.embeddings.items()
            if selection.allows(options.get("on", {}), embedding=name)
            and not _empty(self.view(source, sample, options.get("on", {})))
        ]

    def scores_of(self, source: str, sample: str, space: str) -> dict[str, dict]:
        """The scores that are asked of a source in a space: name → metric, module, options and the view they apply to."""
        key = (source, sample, space)
        if key not in self._wanted_scores:
            self._wanted_scores[key] = self._find_scores(*key)
        return self._wanted_scores[key]

    def _find_scores(self, source: str, sample: str, space: str) -> dict[str, dict]:
        if space == "run":
            if source in self._inputs:
                return {}
            return self._run_scores(("activations",), self._runs[source], sample)
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
            if not _empty(view):
                found[name] = {
                    "metric": metric.name,
                    "module": metric.module,
                    "options": entry["options"],
                    "view": view,
                }
        return found

    def _run_scores(self, reads: Iterable[str], run: Run, sample: str | None = None) -> dict[str, dict]:
        """Scores of a network as such that read one of `reads`: of a sample, or else of its splits and layers."""
        keys = {**run.keys, **({"sample": sample} if sample else {})}
        found = {}
        for name, entry in self.study.scores.items():
            read = self.metrics[entry["metric"]].reads.get("run", ())
            splits = selection.values(entry["on"], "sample")
            reached = sample is not None or splits is None or bool({*splits} & {*store.SPLITS})
            if any(need in read for need in reads) and reached and selection.allows(entry["on"], embedding="run", **keys):
                found[name] = entry
        return {name: entry for name, entry in found.items() if self._of_network(entry, run)["epochs"]}

    # What jobs are told

    def _params(self, schema: str, **told: object) -> str:
        return canonical_json({"schema": store.SCHEMA[schema], **told})

    def prepare_params(self, wildcards) -> str:
        options = self.study.datasets[wildcards.dataset]
        source = {key: value for key, value in options.items() if key not in ("normalise", "validation")}
        return self._params("data", dataset=wildcards.dataset, source=source, validation=options["validation"])

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

    def train_params(self, wildcards) -> str:
        run = self._runs[wildcards.run]
        options = self.study.training_of(run)
        snapshots = options.pop("snapshots")
        if options["optimizer"] != "sgd":
            del options["momentum"]
        attempts, wanted = options.pop("attempts"), options.pop("accept_test_accuracy", None)
        acceptance = {} if wanted is None else {"acceptance": {"test_accuracy": wanted, "attempts": attempts}}
        return self._params(
            "train",
            **acceptance,
            **self._network(run),
            memory_format=self.study.memory_format,
            seed=run.seed,
            training=options,
            snapshots=snapshots,
        )

    def _sample(self, name: str) -> dict:
        sample = self.study.samples[name]
        unread = ("on", "n") if sample["choose"] == "all" else ("on",)
        return {"name": name, **{key: value for key, value in sample.items() if key not in unread}}

    def dump_params(self, wildcards) -> str:
        run = self._runs[wildcards.run]
        return self._params(
            "activations",
            **self._network(run),
            keys=self._keys(wildcards.run, wildcards.sample),
            sample=self._sample(wildcards.sample),
            epochs=self.study.snapshots(run),
            layers=self.study.kept_layers(run),
        )

    def dump_input_params(self, wildcards) -> str:
        return self._params(
            "activations",
            dataset=wildcards.dataset,
            normalise=self.study.datasets[wildcards.dataset]["normalise"],
            keys=self._keys(store.input_folder(wildcards.dataset), wildcards.sample),
            sample=self._sample(wildcards.sample),
        )

    def neighbors_params(self, wildcards) -> str:
        view = self.view(wildcards.source, wildcards.sample, {})
        return self._params("neighbors", k=self.study.k, view=view, threads=1)

    def embed_params(self, wildcards) -> str:
        embedding = self.study.embeddings[wildcards.embedding]
        view = self.view(wildcards.source, wildcards.sample, embedding.get("on", {}))
        options = {key: value for key, value in embedding.items() if key not in ("on", "seeds", "method", "engine")}
        return self._params(
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
        if source in self._inputs:
            return {**keys, "dataset": self._inputs[source], "architecture": "", "activation": "", "seed": None}
        return {**keys, **self._runs[source].keys}

    def score_run_params(self, wildcards) -> str:
        run = self._runs[wildcards.run]
        scores = {}
        for name, entry in self._run_scores(("history", "spectra"), run).items():
            scores[name] = {
                **self._of_network(entry, run),
                "layers": selection.values(entry["on"], "layer"),
                "splits": selection.values(entry["on"], "sample"),
            }
        return self._params(
            "scores",
            keys=self._keys(wildcards.run, ""),
            space="run",
            snapshots=self.study.snapshots(run),
            layers=[layer.name for layer in self.study.layers(run)],
            scores=scores,
        )

    def _of_network(self, entry: dict, run: Run) -> dict:
        epochs = selection.allowed_epochs(entry["on"], self.study.snapshots(run))
        return {"metric": entry["metric"], "options": entry["options"], "epochs": epochs}

    def score_sample_params(self, wildcards) -> str:
        run = self._runs[wildcards.run]
        wanted = self.scores_of(wildcards.run, wildcards.sample, "run")
        return self._params(
            "scores",
            keys=self._keys(wildcards.run, wildcards.sample),
            space="run",
            snapshots=self.study.snapshots(run),
            scores={name: self._of_network(entry, run) for name, entry in wanted.items()},
        )

    def score_raw_params(self, wildcards) -> str:
        return self._score_params(wildcards.source, wildcards.sample, "raw")

    def score_embedding_params(self, wildcards) -> str:
        return self._score_params(wildcards.source, wildcards.sample, wildcards.embedding)

    def _score_params(self, source: str, sample: str, space: str) -> str:
        seeds = [None] if space == "raw" else self.study.embeddings[space]["seeds"]
        selector = {} if space == "raw" else self.study.embeddings[space].get("on", {})
        scores = self.scores_of(source, sample, space)
        return self._params(
            "scores",
            keys=self._keys(source, sample),
            space=space,
            snapshots=[0] if source in self._inputs else self.study.snapshots(self._runs[source]),
            view=self.view(source, sample, selector),
            scores=scores,
            seeds=seeds,
            layers=self._layer_sizes(source),
            distinct_rows=self.study.k,
            threads=1,
        )

    def _layer_sizes(self, source: str) -> dict[str, tuple[int, int]]:
        """Layer → its depth and how many filters or units it has: what a diverged network would have left."""
        if source in self._inputs:
            return {"input": (0, 0)}
        layers = self.study.layers(self._runs[source])
        return {layer.name: (depth, layer.width) for depth, layer in enumerate(layers, start=1)}

    def aggregate_params(self, wildcards) -> str:
        return self._params(
            "aggregate",
            study=self.study.name,
            expected=self._expected(),
            networks=self._networks(),
            scores=sorted(self.study.scores),
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
        for source, sample in self.looked_at():
            samples.setdefault(source, []).append(sample)
        for source in [*self._inputs, *self._runs]:
            spaces = sorted([sample, space] for sample in samples.get(source, []) for space in self.spaces(source, sample))
            if source in self._inputs:
                network, seed = {"dataset": self._inputs[source]}, None
            else:
                network = self._runs[source].keys
                seed = network.pop("seed")
                spaces = [["", "run"], *spaces] if self._run_scores(("history", "spectra"), self._runs[source]) else spaces
            if spaces:
                group = groups.setdefault(canonical_json([network, spaces]), {**network, "seeds": [], "files": spaces})
                group["seeds"] = sorted([*group["seeds"], *([] if seed is None else [seed])])
        return sorted(groups.values(), key=canonical_json)

    def claims_params(self, wildcards) -> str:
        return self._params("aggregate", claims=self.study.claims)

    def figure_params(self, wildcards) -> str:
        options = self.study.figures[wildcards.figure]
        if "network" in shows_one(options["kind"]):
            [run] = [run for run in self.study.runs if selection.allows(options["on"], **run.keys)]
            options = {**options, "snapshots": self.study.snapshots(run)}
        return self._params("figure", options=options)

    def figure_kind(self, wildcards) -> str:
        """The heading of a figure in the report."""
        return self.study.figures[wildcards.figure]["kind"].replace("_", " ")

    def table_params(self, wildcards) -> str:
        options = self.study.tables[wildcards.table]
        if options["kind"] == "published":
            better = {name: self.metrics[entry["metric"]].higher_is_better for name, entry in self.study.scores.items()}
            options = {**options, "higher_is_better": better}
        return self._params("figure", options=options)

    # What jobs read

    def dump_reads(self, wildcards) -> dict[str, str]:
        run = self._runs[wildcards.run]
        return {
            "data": self.path("data", dataset=run.dataset),
            "checkpoints": self.path("checkpoints", run=wildcards.run),
        }

    def data_of_run(self, wildcards) -> str:
        return self.path("data", dataset=self._runs[wildcards.run].dataset)

    def _neighbors_file(self, wildcards) -> str:
        return self.path("neighbors", source=wildcards.source, sample=wildcards.sample)

    def embed_neighbors(self, wildcards) -> list[str]:
        """The neighbors file, in a list, where the method reads it."""
        needed = neighbors_needed(self.study.embeddings[wildcards.embedding])
        return [self._neighbors_file(wildcards)] if needed else []

    def score_raw_neighbors(self, wildcards) -> list[str]:
        return self._score_neighbors(wildcards, "raw", "raw")

    def score_embedding_neighbors(self, wildcards) -> list[str]:
        return self._score_neighbors(wildcards, wildcards.embedding, "embedding")

    def _score_neighbors(self, wildcards, space: str, kind: str) -> list[str]:
        wanted = self.scores_of(wildcards.source, wildcards.sample, space)
        reads = {need for entry in wanted.values() for need in self.metrics[entry["metric"]].reads.get(kind, ())}
        return [self._neighbors_file(wildcards)] if "neighbors" in reads else []

    def figure_reads(self, wildcards) -> dict[str, list[str]]:
        return self._shown_reads("figures", wildcards.figure)

    def table_reads(self, wildcards) -> dict[str, list[str]]:
        return self._shown_reads("tables", wildcards.table)

    def _shown_reads(self, block: str, name: str) -> dict[str, list[str]]:
        options = getattr(self.study, block)[name]
        wanted = dependencies.literal(f"layerscope.{block}.{options['kind']}", "READS")
        reads = {kind: self._files(kind, options.get("on", {})) if kind in wanted else [] for kind in FIGURE_INPUTS}
        if "published" in wanted:
            reads["published"] = [self._published_file(f"{block}.{name}", options["published"])]
        for kind in wanted:
            if not reads[kind]:
                raise StudyError(f"{block}.{name}.on chooses nothing that this study makes; widen it")
        return reads

    def _published_file(self, where: str, name: str) -> str:
        known = store.published_names()
        if name not in known:
            raise StudyError(f"{where}.published: nothing is published as '{name}'; {one_of(name, known)}")
        return store.published_file(name)

    def _files(self, kind: str, on: dict) -> list[str]:
        if kind == "published":
            return []
        if kind in ("score_table", "summary", "tests"):
            return [self.path(kind)]
        if kind == "data":
            names = {run.dataset for run in self.study.runs if selection.allows(on, **run.keys)}
            return [self.path("data", dataset=name) for name in self._inputs.values() if name in names]
        if kind == "history":
            return [self.path("history", run=run.folder) for run in self.study.runs if selection.allows(on, **run.keys)]
        found = []
        # Filters are seen from their network alone: the input has none.
        within_network = {key: value for key, value in on.items() if key != "layer"}
        for source, sample in self.looked_at():
            if _empty(self.view(source, sample, within_network)):
                continue
            if kind == "activations":
                found.append(self.path("activations", source=source, sample=sample))
            else:
                found += [
                    self.path("embedding", source=source, sample=sample, embedding=embedding)
                    for embedding in self.embeddings_of(source, sample)
                    if selection.allows(on, embedding=embedding)
                ]
        return found

    # The code behind jobs

    def prepare_code(self, wildcards) -> list[str]:
        source = self.study.datasets[wildcards.dataset]["source"]
        return _code("prepare", f"data.sources.{source}")

    def train_code(self, wildcards) -> list[str]:
        return _code("train", self._family(wildcards))

    def dump_code(self, wildcards) -> list[str]:
        return _code("dump", self._family(wildcards))

    def _family(self, wildcards) -> str:
        return f"models.{self.study.architectures[self._runs[wildcards.run].architecture]['family']}"

    def embed_code(self, wildcards) -> list[str]:
        return _code("embed", f"embedding.{engine_module(self.study.embeddings[wildcards.embedding])}")

    def score_raw_code(self, wildcards) -> list[str]:
        return self._score_code(wildcards, "raw")

    def score_embedding_code(self, wildcards) -> list[str]:
        return self._score_code(wildcards, wildcards.embedding)

    def _score_code(self, wildcards, space: str) -> list[str]:
        wanted = self.scores_of(wildcards.source, wildcards.sample, space)
        return _code("score", *sorted({f"scoring.{entry['module']}" for entry in wanted.values()}))

    def figure_code(self, wildcards) -> list[str]:
        return _code("figure", f"figures.{self.study.figures[wildcards.figure]['kind']}")

    def table_code(self, wildcards) -> list[str]:
        return _code("table", f"tables.{self.study.tables[wildcards.table]['kind']}")

    def stage_code(self, stage: str) -> list[str]:
        """The sources of a stage that chooses no module by name."""
        return _code(stage)


def _code(stage: str, *implementations: str) -> list[str]:
    return dependencies.sources([f"layerscope.stages.{stage}", *(f"layerscope.{name}" for name in implementations)])


def _empty(view: dict) -> bool:
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
