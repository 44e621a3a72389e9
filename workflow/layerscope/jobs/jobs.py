"""What each Snakemake job reads, and what a study must produce: everything the rules ask for.

Methods that take `wildcards` are Snakemake's input functions; `code` inputs are the sources that a job's result depends on. What
jobs are told is in `params` (layerscope.jobs.params).
"""

from functools import cache
from importlib import import_module

from layerscope import selection, store
from layerscope.data.own_files import find_own, own_files
from layerscope.errors import StudyError
from layerscope.files.sources import literal, sources
from layerscope.jobs.params import JobParams
from layerscope.jobs.resources import JobResources
from layerscope.jobs.wildcards import any_of, products
from layerscope.study.kinds import engine_module, is_film, neighbors_needed, own_files_option, shows_one
from layerscope.study.study import Study
from layerscope.study.views import Looks, is_empty

FIGURE_INPUTS = ("score_table", "summary", "tests", "data", "history", "activations", "embedding", "neurons", "published")

TABLE_FORMATS = ("csv", "md", "tex")

FIGURE_FORMATS = ("svg", "png", "csv")

FILM_FORMATS = ("gif", "html", "csv")


class Jobs:
    """The jobs of one study, by the wildcards of their files."""

    def __init__(self, study: Study):
        self.study = study
        self.looks = Looks(study)
        self.params = JobParams(study, self.looks)
        resources = JobResources(study, self.looks)
        self.memory, self.runtime = resources.memory, resources.runtime

    def check(self) -> None:
        """Raise StudyError where a score, figure or table of the study reaches nothing that the study makes."""
        reached = {name for run in self.study.runs for name in self.looks.run_scores(("history", "spectra"), run)}
        for source, sample in self.looks.looked_at():
            for space in self.looks.spaces(source, sample):
                reached |= self.looks.scores_of(source, sample, space).keys()
        for name in self.study.scores:
            if name not in reached:
                raise StudyError(f"scores.{name} reaches nothing that this study looks at; widen its `on`, or remove it")
        for block in ("figures", "tables"):
            for name, options in getattr(self.study, block).items():
                self._shown_reads(block, name)
                if (
                    block == "figures"
                    and "embedding" in shows_one(options["kind"])
                    and not self._is_embedded(options.get("on", {}))
                ):
                    raise StudyError(f"figures.{name}.on chooses a network that its embedding does not take in")

    def _is_embedded(self, on: dict) -> bool:
        input_alone = selection.values(on, "layer") == ["input"]
        return any(
            selection.allows(on, embedding=embedding) and not is_empty(self.looks.view(source, sample, on))
            for source, sample in self.looks.looked_at()
            if input_alone or source in self.looks.runs
            for embedding in self.looks.embeddings_of(source, sample)
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
        # Snakemake goes over the whole expression for every file of every job: one that names each network costs hours.
        networks = products((run.dataset, run.architecture, run.activation, run.seed) for run in self.study.runs)
        runs = "|".join(store.run_folder(*map(any_of, block)) for block in networks)
        return {
            "run": runs or "none",
            "source": "|".join(filter(None, [runs, *self.looks.inputs])),
            "dataset": "|".join(self.looks.inputs.values()),
            "sample": "|".join(self.study.samples) or "none",
            "embedding": "|".join(self.study.embeddings) or "none",
            "figure": "|".join(name for name in self.study.figures if not self._is_film(name)) or "none",
            "film": "|".join(name for name in self.study.figures if self._is_film(name)) or "none",
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
        for source, sample in self.looks.looked_at():
            wanted += self._neurons_files(source, sample)
            wanted += [
                self.path("embedding", source=source, sample=sample, embedding=name)
                for name in self.looks.embeddings_of(source, sample)
            ]
        return wanted

    def named_targets(self) -> list[str]:
        """The names of figures, tables and claims: each is a target."""
        return [*self.study.figures, *self.study.tables, *self.study.claims]

    def target(self, name: str) -> list[str]:
        """The files behind the name of a figure, a table or a claim."""
        if name in self.study.figures:
            formats = FILM_FORMATS if self._is_film(name) else FIGURE_FORMATS
            return [self.path("figure", figure=name, format=suffix) for suffix in formats]
        if name in self.study.tables:
            return [self.path("table", table=name, format=suffix) for suffix in TABLE_FORMATS]
        return [self.path("claims")]

    def _is_film(self, name: str) -> bool:
        return is_film(self.study.figures[name]["kind"])

    def data_files(self) -> list[str]:
        """The prepared datasets of all networks."""
        return [self.path("data", dataset=name) for name in self.looks.inputs.values()]

    def score_files(self) -> list[str]:
        """Every file of scores."""
        files = []
        of_networks = [run for run in self.study.runs if self.looks.run_scores(("history", "spectra"), run)]
        files += [self.path("run_scores", run=run.folder) for run in of_networks]
        for source, sample in self.looks.looked_at():
            files += [
                self.path("scores", source=source, sample=sample, space=space) for space in self.looks.spaces(source, sample)
            ]
        return files

    def spectra_files(self) -> list[str]:
        """A file of every network that says how its training ended and what made it."""
        return [self.path("spectra", run=run.folder) for run in self.study.runs]

    def figure_kind(self, wildcards) -> str:
        """The heading of a figure in the report."""
        return self.study.figures[wildcards.figure]["kind"].replace("_", " ")

    # What jobs read

    def dump_reads(self, wildcards) -> dict[str, str]:
        run = self.looks.runs[wildcards.run]
        return {
            "data": self.path("data", dataset=run.dataset),
            "checkpoints": self.path("checkpoints", run=wildcards.run),
        }

    def own_files(self, wildcards) -> list[str]:
        """The person's own files that a dataset is made from: an edit of one makes it anew."""
        options = self.study.datasets[wildcards.dataset]
        option = own_files_option(options["source"])
        return own_files(options[option], store.download_folder()) if option else []

    def check_own_files(self) -> None:
        """Raise StudyError where a file or folder of one's own that a dataset is made from is not there, or no input can be."""
        for name in self.looks.inputs.values():
            options = self.study.datasets[name]
            option = own_files_option(options["source"])
            if option and find_own(options[option], store.download_folder()) is None:
                raise StudyError(
                    f"datasets.{name}.{option}: there is no {options[option]} here or below {store.download_folder()}; put it "
                    "there, or name the folder that has it in the environment variable LAYERSCOPE_DATA"
                )
            for file in own_files(options[option], store.download_folder()) if option else ():
                if "{" in file or "}" in file:
                    raise StudyError(f"datasets.{name}.{option}: Snakemake takes the braces in {file} for a wildcard; rename it")

    def fetch(self, dataset: str) -> None:
        """Have the raw files of a dataset, from the network where they are not there. StudyError where they are out of reach."""
        options = self.study.datasets[dataset]
        source = import_module(f"layerscope.data.sources.{options['source']}")
        if hasattr(source, "fetch"):
            source.fetch(options.get("name", dataset), store.download_folder())

    def data_of_run(self, wildcards) -> str:
        return self.path("data", dataset=self.looks.runs[wildcards.run].dataset)

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
        wanted = self.looks.scores_of(wildcards.source, wildcards.sample, space)
        reads = {need for entry in wanted.values() for need in self.looks.metrics[entry["metric"]].reads.get(kind, ())}
        return [self._neighbors_file(wildcards)] if "neighbors" in reads else []

    def figure_reads(self, wildcards) -> dict[str, list[str]]:
        return self._shown_reads("figures", wildcards.figure)

    def film_reads(self, wildcards) -> dict[str, list[str]]:
        return self._shown_reads("figures", wildcards.film)

    def table_reads(self, wildcards) -> dict[str, list[str]]:
        return self._shown_reads("tables", wildcards.table)

    def _shown_reads(self, block: str, name: str) -> dict[str, list[str]]:
        options = getattr(self.study, block)[name]
        wanted = literal(f"layerscope.{block}.{options['kind']}", "READS")
        reads = {kind: self._files(kind, options.get("on", {})) if kind in wanted else [] for kind in FIGURE_INPUTS}
        if "published" in wanted:
            reads["published"] = [store.published_file(options["published"])]
        for kind in wanted:
            if not reads[kind]:
                raise StudyError(f"{block}.{name}.on chooses nothing that this study makes; widen it")
        return reads

    def _files(self, kind: str, on: dict) -> list[str]:
        if kind == "published":
            return []
        if kind in ("score_table", "summary", "tests"):
            return [self.path(kind)]
        if kind == "data":
            names = {run.dataset for run in self.study.runs if selection.allows(on, **run.keys)}
            return [self.path("data", dataset=name) for name in self.looks.inputs.values() if name in names]
        if kind == "history":
            return [self.path("history", run=run.folder) for run in self.study.runs if selection.allows(on, **run.keys)]
        found = []
        # Filters are seen from their network alone: the input has none.
        within_network = {key: value for key, value in on.items() if key != "layer"}
        for source, sample in self.looks.looked_at():
            if is_empty(self.looks.view(source, sample, within_network)):
                continue
            if kind == "neurons":
                found += self._neurons_files(source, sample)
            elif kind == "activations":
                found.append(self.path("activations", source=source, sample=sample))
            else:
                found += [
                    self.path("embedding", source=source, sample=sample, embedding=embedding)
                    for embedding in self.looks.embeddings_of(source, sample)
                    if selection.allows(on, embedding=embedding)
                ]
        return found

    def _neurons_files(self, source: str, sample: str) -> list[str]:
        run = self.looks.runs.get(source)
        return [self.path("neurons", run=source, sample=sample)] if run and self.study.mapped(run, sample)["whole"] else []

    # The code behind jobs

    def prepare_code(self, wildcards) -> list[str]:
        source = self.study.datasets[wildcards.dataset]["source"]
        return _code("prepare", f"data.sources.{source}")

    def train_code(self, wildcards) -> list[str]:
        return _code("train", self._family(wildcards))

    def dump_code(self, wildcards) -> list[str]:
        return _code("dump", self._family(wildcards))

    def _family(self, wildcards) -> str:
        return f"models.families.{self.study.architectures[self.looks.runs[wildcards.run].architecture]['family']}"

    def embed_code(self, wildcards) -> list[str]:
        return _code("embed", f"embedding.{engine_module(self.study.embeddings[wildcards.embedding])}")

    def score_raw_code(self, wildcards) -> list[str]:
        return self._score_code(wildcards, "raw")

    def score_embedding_code(self, wildcards) -> list[str]:
        return self._score_code(wildcards, wildcards.embedding)

    def _score_code(self, wildcards, space: str) -> list[str]:
        wanted = self.looks.scores_of(wildcards.source, wildcards.sample, space)
        return _code("score", *sorted({f"scoring.{entry['module']}" for entry in wanted.values()}))

    def figure_code(self, wildcards) -> list[str]:
        return _code("figure", f"figures.{self.study.figures[wildcards.figure]['kind']}")

    def film_code(self, wildcards) -> list[str]:
        return _code("film", f"figures.{self.study.figures[wildcards.film]['kind']}")

    def table_code(self, wildcards) -> list[str]:
        return _code("table", f"tables.{self.study.tables[wildcards.table]['kind']}")

    def claims_code(self) -> list[str]:
        """The sources of the verdicts: those of the statistics that the claims of the study name."""
        return _code("claims", *sorted({f"claims.{claim['statistic']}" for claim in self.study.claims.values()}))

    def stage_code(self, stage: str) -> list[str]:
        """The sources of a stage that chooses no module by name."""
        return _code(stage)


@cache
def _code(stage: str, *implementations: str) -> list[str]:
    return sources([f"layerscope.stages.{stage}", *(f"layerscope.{name}" for name in implementations)])
