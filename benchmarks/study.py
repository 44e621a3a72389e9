"""Where the time and memory of a finished study went, rule by rule, from the files that Snakemake measured.

python -m benchmarks.study config.yaml
"""

import sys
from pathlib import Path

import pandas as pd

from layerscope import store
from layerscope.study.file import read_study


def measurements(study: str) -> pd.DataFrame:
    """One row a job: rule, s (wall clock), cpu_time (s), max_rss (MiB)."""
    root = Path(store.path(study, "benchmark", job="*")).parent
    rows = []
    for file in sorted(root.rglob("*.tsv")):
        [measured] = pd.read_csv(file, sep="\t", na_values=["-", "NA"]).to_dict("records")
        rows.append({"rule": file.relative_to(root).with_suffix("").parts[0], **measured})
    if not rows:
        sys.exit(f"no measurements below {root}; run `make study` first")
    return pd.DataFrame(rows)


def by_rule(jobs: pd.DataFrame) -> pd.DataFrame:
    """Jobs, seconds (sum, median, largest), CPU seconds and the largest memory of each rule, longest first."""
    table = jobs.groupby("rule").agg(
        jobs=("s", "size"),
        seconds=("s", "sum"),
        median_s=("s", "median"),
        longest_s=("s", "max"),
        cpu_s=("cpu_time", "sum"),
        peak_MiB=("max_rss", "max"),
    )
    table = table.sort_values("seconds", ascending=False)
    table["share"] = table["seconds"] / table["seconds"].sum()
    return table


if __name__ == "__main__":
    jobs = measurements(read_study(sys.argv[1] if len(sys.argv) > 1 else "config.yaml", {})["study"])
    with pd.option_context("display.width", 120, "display.float_format", "{:.2f}".format):
        print(by_rule(jobs).to_string())
    work, cpu, memory = jobs["s"].sum(), jobs["cpu_time"].sum(), jobs["max_rss"].max()
    print(f"\nall jobs: {work:.0f} s of work, {cpu:.0f} s of CPU, the largest took {memory:.0f} MiB")
