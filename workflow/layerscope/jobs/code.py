"""The source files that each job depends on: an edit of one of them reruns the job."""

from functools import cache

from layerscope.files.sources import page_files, sources
from layerscope.kind_modules import architecture_sources
from layerscope.study.study import BESIDE, Study
from layerscope.study.views import Views


class JobCode:
    """The source files of the jobs of a study: those of the stage and of the kinds that it uses, with all that they import.

    Methods are named after their rules and take Snakemake's wildcards.
    """

    def __init__(self, study: Study, views: Views):
        self.study = study
        self.views = views

    def stage(self, stage: str) -> list[str]:
        """The sources of a stage that uses no kind."""
        return _sources(stage)

    def prepare(self, wildcards) -> list[str]:
        """The sources of a dataset: the stage and the source of the data."""
        return _sources("prepare", self.study.kind_of("datasets", wildcards.dataset).module)

    def train(self, wildcards) -> list[str]:
        """The sources of a training: the stage and what the network comes from."""
        return _sources("train", *self._network(wildcards))

    def dump(self, wildcards) -> list[str]:
        """The sources of an activations file: the stage and what the network comes from."""
        return _sources("dump", *self._network(wildcards))

    def _network(self, wildcards) -> list[str]:
        architecture = self.views.runs[wildcards.run].architecture
        family = self.study.kind_of("architectures", architecture).module
        return architecture_sources(family, self.study.architectures[architecture])

    def embed(self, wildcards) -> list[str]:
        """The sources of an embedding: the stage and the engine."""
        return _sources("embed", self.study.kind_of("embeddings", wildcards.embedding).module)

    def compare(self, wildcards) -> list[str]:
        """The sources of a comparison: the stage and its measures."""
        known, asked = self.study.kinds.of("comparisons"), self.study.comparisons[wildcards.comparison]["measures"]
        return _sources("compare", *sorted({known[name].module for name in asked}))

    def score_run(self, wildcards) -> list[str]:
        """The sources of the scores of a network on its splits and from its spectra: the stage and their metrics."""
        return self._scores("score_run", self.views.run_scores(self.views.runs[wildcards.run]))

    def score_sample(self, wildcards) -> list[str]:
        """The sources of the scores of a network on a sample: the stage and their metrics."""
        return self._scores("score_sample", self.views.scores_of(wildcards.run, wildcards.sample, "run"))

    def score_raw(self, wildcards) -> list[str]:
        """The sources of the scores of representations: the stage and their metrics."""
        return self._scores("score", self.views.scores_of(wildcards.source, wildcards.sample, "raw"))

    def score_beside(self, wildcards) -> list[str]:
        """The sources of the scores that read more than their representation: the stage and their metrics."""
        return self._scores("score_beside", self.views.scores_of(wildcards.source, wildcards.sample, BESIDE))

    def score_embedding(self, wildcards) -> list[str]:
        """The sources of the scores of an embedding: the stage and their metrics."""
        return self._scores("score", self.views.scores_of(wildcards.source, wildcards.sample, wildcards.embedding))

    def _scores(self, stage: str, wanted: dict[str, dict]) -> list[str]:
        return _sources(stage, *sorted({self.views.metrics[entry["metric"]].module for entry in wanted.values()}))

    def score_observations(self, wildcards) -> list[str]:
        """The sources of the scores of every observation: the stage, the metrics, and what tells these of each observation."""
        wanted = self.views.observed_scores(wildcards.source, wildcards.sample, wildcards.space)
        metrics = [self.views.metrics[entry["metric"]] for entry in wanted.values()]
        told_by = {kind.by_observation for kind in metrics if kind.by_observation}
        return _sources("score_observations", *sorted({kind.module for kind in metrics} | told_by))

    def claims(self) -> list[str]:
        """The sources of the verdicts: the stage and the statistics that the claims of the study name."""
        return _sources("claims", *sorted({self.study.kind_of("claims", name).module for name in self.study.claims}))

    def figure(self, wildcards) -> list[str]:
        """The sources of a figure: the stage and its kind."""
        return _sources("figure", self.study.kind_of("figures", wildcards.figure).module)

    def table(self, wildcards) -> list[str]:
        """The sources of a table: the stage and its kind."""
        return _sources("table", self.study.kind_of("tables", wildcards.table).module)

    def explorer(self) -> list[str]:
        """The sources of the explorer's page: the stage, and what the browser runs."""
        return [*_sources("explorer"), *page_files("explorer/page")]

    def index(self) -> list[str]:
        """The sources of the index: the stage, and the template of the page."""
        return [*_sources("index"), *page_files("study_page")]


@cache
def _sources(stage: str, *kinds: str) -> list[str]:
    return sources([f"layerscope.stages.{stage}", *kinds])
