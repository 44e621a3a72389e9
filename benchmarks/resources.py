"""What the jobs of a finished study asked for, and what they used: python -m benchmarks.resources my-study.yaml

Used are the `benchmark:` files that Snakemake wrote, wall-clock time among them: pauses and other work on the machine count.
Jobs are named that used more than they asked for, or asked for more than five times what they used and for more than the least.
"""

import csv
import sys
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

from layerscope import store
from layerscope.jobs.every_job import every_job
from layerscope.jobs.jobs import Jobs
from layerscope.jobs.resources import LEAST_MEMORY, LEAST_MINUTES, LEAST_MINUTES_OF_SCORES, LEAST_WITH_DEVICE
from layerscope.study.load import load_study

MOST = 5.0


def measured_jobs(jobs: Jobs) -> Iterator[tuple[str, SimpleNamespace, Path]]:
    """(rule, wildcards, benchmark file) of every job of a study that has run."""
    for rule, keys in every_job(jobs):
        file = Path(store.job_files(jobs.study.name, rule, **keys).benchmark)
        if file.exists():
            yield rule, SimpleNamespace(**keys), file


def used(file: Path) -> tuple[float, float]:
    """MB and minutes that a job used; 0 MB where it ended before it was looked at."""
    with open(file, encoding="utf-8") as lines:
        row = next(csv.DictReader(lines, delimiter="\t"))
    memory = row["max_rss"]
    return (float(memory) if memory not in ("-", "NA") else 0.0), float(row["s"]) / 60


def main() -> None:
    jobs = Jobs(load_study(sys.argv[1] if len(sys.argv) > 1 else "config.yaml", {}))
    found: dict[str, list[tuple[float, float, float, float, str]]] = {}
    for rule, wildcards, file in measured_jobs(jobs):
        memory, minutes = used(file)
        asked = jobs.resources.memory(wildcards, rule, 1), jobs.resources.runtime(wildcards, rule, 1)
        found.setdefault(rule, []).append((asked[0], memory, asked[1], minutes, str(file)))
    wrong = []
    print(f"{'rule':<16}{'jobs':>5}{'MB used':>16}{'asked / used':>16}{'minutes used':>16}{'asked / used':>16}")
    for rule, rows in found.items():
        columns = [f"{rule:<16}{len(rows):>5}"]
        least = {0: (LEAST_MEMORY, LEAST_WITH_DEVICE), 2: (LEAST_MINUTES, LEAST_MINUTES_OF_SCORES)}
        for at in (0, 2):
            values = [row[at + 1] for row in rows]
            judged = [row for row in rows if row[at] not in least[at]]
            ratios = [row[at] / row[at + 1] for row in judged if row[at + 1]]
            columns.append(f"{min(values):>8.1f}-{max(values):<7.1f}")
            columns.append(f"{min(ratios):>8.2f}-{max(ratios):<7.2f}" if ratios else f"{'the least':>16}")
            wrong += [row for row in rows if row[at + 1] > row[at] or (row in judged and row[at] > MOST * row[at + 1])]
        print("".join(columns))
    for asked, memory, runtime, minutes, file in wrong:
        print(f"{file}: asked for {asked} MB and {runtime} min, used {memory:.0f} MB and {minutes:.1f} min")
    print(f"{sum(map(len, found.values()))} jobs, {len(wrong)} of them outside")


if __name__ == "__main__":
    main()
