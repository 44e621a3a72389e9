"""The targets, paths and names that the rules use. The parts of Jobs know what each job reads, gets as params and needs."""

from layerscope import store
from layerscope.errors import Mistakes
from layerscope.jobs.code import JobCode
from layerscope.jobs.params import JobParams
from layerscope.jobs.reads import JobReads
from layerscope.jobs.resources import JobResources
from layerscope.jobs.wildcards import constraints, runs_expression
from layerscope.study.comparisons import Comparisons
from layerscope.study.effect import unread_samples
from layerscope.study.study import Study
from layerscope.study.views import Views


class Jobs:
    """The jobs of one study. reads, code, params, resources: input files, source files, params and resources of each job."""

    def __init__(self, study: Study):
        self.study = study
        self.views = Views(study)
        self.params = JobParams(study, self.views)
        self.comparisons = Comparisons(study, self.views)
        self.reads = JobReads(study, self.views)
        self.code = JobCode(study, self.views)
        self.resources = JobResources(study, self.views)

    def check(self) -> None:
        """Raise StudyError if a figure or a table has none of the files that it reads."""
        mistakes = Mistakes()
        for block in ("figures", "tables"):
            for name in getattr(self.study, block):
                with mistakes.gathered():
                    self.reads.of_kind(block, name)
        mistakes.refuse()

    def notes(self) -> list[str]:
        """What a person should know of the study: what it was given by default, and what of it changes nothing."""
        return [*self.study.notes, *unread_samples(self.study, self.views)]

    # Names

    def pattern(self, name: str, **known: str) -> str:
        """The path pattern of a kind of file. known: wildcards to fill in, with values that may contain other wildcards."""
        return store.pattern(self.study.name, name, **known)

    def path(self, name: str, **keys: object) -> str:
        """The path of one file of the study."""
        return store.path(self.study.name, name, **keys)

    def log(self, rule: str) -> str:
        """The path pattern of the logs of a rule."""
        return store.job_files(self.study.name, rule).log

    def benchmark(self, rule: str) -> str:
        """The path pattern of the measured time and memory of the jobs of a rule."""
        return store.job_files(self.study.name, rule).benchmark

    def constraints(self) -> dict[str, str]:
        """The regular expression of each wildcard."""
        return constraints(self.study, self.views)

    def runs_of(self, rule: str) -> str:
        """A regular expression for the networks of a rule: `dump`, or `dump_given` for files of a person's own."""
        return runs_expression(run for run in self.study.runs if (run in self.study.given) == (rule == "dump_given"))

    # Targets

    def targets(self) -> list[str]:
        """The files that a finished study must have; Snakemake adds the files that these are made from."""
        wanted = [self.path("checkpoints", run=run.folder) for run in self.study.runs if run not in self.study.given]
        scores = self.reads.aggregated_files()
        if scores:
            wanted += [*scores, *(self.path(name) for name in ("score_table", "runs", "summary", "tests", "networks"))]
        comparisons = self.reads.comparison_files()
        if comparisons:
            wanted += [*(file for file in comparisons if file not in scores), self.path("comparisons")]
        for name in (*self.study.figures, *self.study.tables):
            wanted += self.target(name)
        if self.study.claims:
            wanted.append(self.path("claims"))
        for source, sample in self.views.sources():
            wanted += self.reads.neurons_files(source, sample) + self.reads.observations_files(source, sample)
            wanted += [
                self.path("embedding", source=source, sample=sample, embedding=name)
                for name in self.views.embeddings_of(source, sample)
            ]
        if self.has_index():
            wanted.append(self.path("index"))
        return wanted + (self.explorer_files() if self.views.embedded() else [])

    def has_index(self) -> bool:
        """Whether there is a first page: anything is scored, drawn, written as a table, or embedded."""
        return bool(self.reads.aggregated_files() or self.study.figures or self.study.tables or self.views.embedded())

    def figure_files(self) -> list[str]:
        """The files of all figures."""
        return [file for name in self.study.figures for file in self.target(name)]

    def explorer_files(self) -> list[str]:
        """The files of the explorer's page. The data that it shows lie beside them, in JobReads.explored_files()."""
        return [self.path("explorer", part=part) for part in store.EXPLORER_PARTS]

    def named_targets(self) -> list[str]:
        """The names of figures, tables and claims: each is a target."""
        return [*self.study.figures, *self.study.tables, *self.study.claims]

    def target(self, name: str) -> list[str]:
        """The files behind the name of a figure, a table or a claim."""
        if name in self.study.figures:
            return [self.path("figure", figure=name, format=suffix) for suffix in self._formats(name)]
        if name in self.study.tables:
            return [self.path("table", table=name, format=suffix) for suffix in store.TABLE_FORMATS]
        return [self.path("claims")]

    def figures_of(self, rule: str) -> str:
        """A regular expression for the names of the figures that a rule makes: `figure` or `film`."""
        return "|".join(name for name in self.study.figures if self.figure_rule(name) == rule) or "none"

    def figure_rule(self, figure: str) -> str:
        """The rule that makes a figure: `figure` or `film`."""
        return "film" if self._formats(figure) == store.FILM_FORMATS else "figure"

    def _formats(self, figure: str) -> tuple[str, ...]:
        kind = self.study.kind_of("figures", figure)
        return tuple(kind.says("formats", store.FIGURE_FORMATS))

    def aggregates(self) -> bool:
        """Whether the study needs the tables of all its scores."""
        if self.study.studies:
            return False
        kinds = [self.study.kind_of(block, name) for block in ("figures", "tables") for name in getattr(self.study, block)]
        read = {kind_of_file for kind in kinds for kind_of_file in kind.says("reads", ())}
        return bool(self.reads.aggregated_files() or self.study.claims or read & {"score_table", "runs"})

    def data_files(self) -> list[str]:
        """The prepared datasets of all networks."""
        return [self.path("data", dataset=name) for name in self.views.inputs.values()]

    def figure_kind(self, wildcards) -> str:
        """The heading of a figure in the report."""
        return self.study.figures[wildcards.figure]["kind"].replace("_", " ")
