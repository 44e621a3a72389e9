"""Judge the claims of a study, and draw its figures and tables of scores, from its runs alone: no network is needed."""

import contextlib
import json
from argparse import Namespace
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import SimpleNamespace

import pandas as pd

from layerscope import store
from layerscope.errors import StudyError
from layerscope.files.whole import folder_to_write, replacing
from layerscope.jobs.jobs import Jobs
from layerscope.statistics.keys import RUN
from layerscope.statistics.runs import in_order, joined_inputs, joined_runs, stored_runs
from layerscope.study.load import load_study
from layerscope.study.study import Study

# What a figure or a table may read for it to be made from the file of runs alone: published numbers come with the package.
ALONE = {"runs", "published"}


def judge_runs(study_file: str, overrides: Mapping[str, str], runs: Sequence[str], into: str) -> int:
    """Write the claims.csv of a study, and every figure and table that reads runs alone, into a folder. Returns 0.

    overrides: the `--config` values with which the study was run. runs: files like runs.parquet, by default that of the
    study's results. Several are parts of the study, such as machines or evenings made; the folder then holds their runs
    together. Raises StudyError where scores of the study are missing, and where parts have one network with other numbers.
    """
    jobs = Jobs(load_study(study_file, dict(overrides)))
    target = Path(into)
    source = _together(runs, target) if len(runs) > 1 else runs[0] if runs else jobs.path("runs")
    for line in _networks_that_differ(jobs.study, source):
        print(line)
    folder_to_write(target)
    if jobs.study.claims:
        from layerscope.stages import claims

        told = json.loads(jobs.params.claims(None))
        claims.main(Namespace(params=told, runs=source, claims=str(target / "claims.csv")))
        print(f"{target / 'claims.csv'}: {len(jobs.study.claims)} claims")
    made, others = [], []
    for block in ("figures", "tables"):
        for name in getattr(jobs.study, block):
            if {*jobs.study.kind_of(block, name).says("reads", ())} <= ALONE:
                _make(jobs, block, name, source, target)
                made.append(name)
            else:
                others.append(name)
    print(f"made of the runs alone: {', '.join(made) or 'no figure or table'}")
    if others:
        print(f"left as they are, since they show more than runs: {', '.join(others)}")
    return 0


def _together(parts: Sequence[str], target: Path) -> str:
    """The path of a file with the runs of all parts, in the folder. Inputs are those of the first part that has them."""
    path = target / "runs.parquet"
    runs = joined_runs(parts)
    inputs, others = joined_inputs(parts)
    for dataset, source in others:
        print(f"{source} has other numbers of the input of {dataset} than the parts before it, whose numbers are taken")
    folder_to_write(target)
    with replacing(path, sealed=True) as temporary, contextlib.closing(store.ParquetTable(temporary)) as table:
        table.add(in_order(pd.concat([inputs, runs], ignore_index=True)))
    print(f"{path}: {len(runs[RUN].drop_duplicates())} networks of {len(parts)} files")
    return str(path)


def _networks_that_differ(study: Study, source: str) -> list[str]:
    """Lines on networks that the study and the file do not share. Raises StudyError for scores of the study without a row."""
    found = stored_runs(source, None, with_input=False)
    missing = sorted({*study.scored} - {*found["metric"]})
    if missing:
        raise StudyError(f"{source} has no rows of the scores {', '.join(missing)}; name the runs.parquet of this study")
    if lacking := sorted({*study.variants.options()} - {*found.columns}):
        raise StudyError(
            f"{source} has no column {', '.join(lacking)}, an option that this study varies; name the runs of this study"
        )
    there = {tuple(row) for row in found[RUN].drop_duplicates().itertuples(index=False)}
    asked = {tuple(run.keys[key] for key in RUN) for run in study.runs}
    lines = []
    if absent := asked - there:
        lines.append(f"{source} lacks {len(absent)} of the {len(asked)} networks of the study: what follows is without them")
    if unasked := there - asked:
        lines.append(f"{source} has {len(unasked)} networks that the study does not have: what follows is with them")
    return lines


def _make(jobs: Jobs, block: str, name: str, source: str, target: Path) -> None:
    from layerscope.stages import figure, table

    none: dict[str, list[str]] = {kind: [] for kind in store.KINDS_OF_FILES}
    files = none | jobs.reads.of_kind(block, name) | {"runs": [source]}
    if block == "tables":
        written = {suffix: str(target / f"{name}.{suffix}") for suffix in ("csv", "md", "tex")}
        params = json.loads(jobs.params.table(SimpleNamespace(table=name)))
        table.main(Namespace(params=params, **files, **written))
    else:
        outputs = [str(target / f"{name}.{suffix}") for suffix in store.FIGURE_FORMATS]
        params = json.loads(jobs.params.figure(SimpleNamespace(figure=name)))
        figure.main(Namespace(params=params, **files, outputs=outputs))
