"""All jobs of a study, whether they have run or not."""

from collections.abc import Iterator

from layerscope import store
from layerscope.jobs.jobs import Jobs
from layerscope.study.study import BESIDE


def every_job(jobs: Jobs) -> Iterator[tuple[str, dict[str, str]]]:
    """(rule, its wildcards) of every job that a finished study has run."""
    for dataset in jobs.views.inputs.values():
        yield "prepare", {"dataset": dataset}
    for name, run in jobs.views.runs.items():
        if run not in jobs.study.given:
            yield "train", {"run": name}
        if jobs.views.run_scores(run):
            yield "score_run", {"run": name}
    for source, sample in jobs.views.sources():
        yield from _of_sample(jobs, source, sample)
    for name, run in jobs.comparisons.all_files():
        yield "compare", {"run": run.folder, "sample": jobs.comparisons.draw(name), "comparison": name}
    if jobs.study.comparisons:
        yield "gather_comparisons", {}
    if jobs.aggregates():
        yield "aggregate", {}
    if jobs.study.claims:
        yield "claims", {}
    for name in jobs.study.figures:
        yield jobs.figure_rule(name), {"figure": name}
    for name in jobs.study.tables:
        yield "table", {"table": name}
    for source, sample in jobs.views.embedded():
        yield "explore_source", {"source": source, "sample": sample}
    for dataset, sample in jobs.views.embedded_samples():
        yield "explore_sample", {"dataset": dataset, "sample": sample}
    if jobs.views.embedded():
        yield "explorer", {}
    if jobs.has_index():
        yield "index", {}


def _of_sample(jobs: Jobs, source: str, sample: str) -> Iterator[tuple[str, dict[str, str]]]:
    of_source = {"source": source, "sample": sample}
    if source in jobs.views.runs:
        rule = "dump_given" if jobs.views.runs[source] in jobs.study.given else "dump"
        yield rule, {"run": source, "sample": sample}
        if jobs.reads.neurons_files(source, sample):
            yield "neurons", {"run": source, "sample": sample}
    else:
        yield "dump_input", {"dataset": jobs.views.inputs[source], "sample": sample}
    if jobs.reads.neighbors_files(source, sample):
        yield "neighbors", of_source
    for embedding in jobs.views.embeddings_of(source, sample):
        yield "embed", {**of_source, "embedding": embedding}
    for space in jobs.views.spaces(source, sample):
        if space == "run":
            yield "score_sample", {"run": source, "sample": sample}
        elif space == "raw":
            yield "score_raw", of_source
        elif space == BESIDE:
            yield "score_beside", of_source
        else:
            yield "score_embedding", {**of_source, "embedding": space}
    for space in jobs.views.observed(source, sample):
        yield "score_observations", {**of_source, "space": space}


def files_of_jobs(jobs: Jobs) -> Iterator[store.JobFiles]:
    """The files of every job of a study."""
    for rule, keys in every_job(jobs):
        yield store.job_files(jobs.study.name, rule, **keys)
