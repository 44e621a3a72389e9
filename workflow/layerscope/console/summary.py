"""What is said at the end of a study: where its results are, which networks are flagged, and what took how long."""

import csv
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from layerscope import store
from layerscope.console.names import duration

# Of a network that ended as it should, or that something else has trained.
UNFLAGGED = ("ok", "given")
MOST_NETWORKS = 8


def summary_lines(study: str, done: Sequence[tuple[str, Mapping[str, str]]], seconds: float) -> list[str]:
    """The whole summary. done: rule and wildcards of the jobs that have ended well; seconds: how long all of it took."""
    lines = [entrance_line(study), *network_lines(study), *time_lines(measured_seconds(study, done))]
    jobs = f"{len(done)} job{'' if len(done) == 1 else 's'} done in {duration(seconds)}"
    return [f"{study}: {jobs}", *(f"  {line}" for line in lines)]


def entrance_line(study: str) -> str:
    """Where the results of a study are looked at first."""
    return f"results: {store.entrance(study)}"


def network_lines(study: str) -> list[str]:
    """Which networks are flagged, and why; nothing if the study has no table of its networks."""
    try:
        with open(store.path(study, "networks"), encoding="utf-8", newline="") as file:
            rows = list(csv.DictReader(file))
    except OSError:
        return []
    flagged = [row for row in rows if row["status"] not in UNFLAGGED]
    elsewhere = sum(1 for row in rows if row["unlike"])
    if not flagged and not elsewhere:
        return [f"networks: {len(rows)}, none of them flagged"]
    lines = []
    if flagged:
        lines.append(f"flagged: {len(flagged)} of {len(rows)} networks")
        for row in flagged[:MOST_NETWORKS]:
            name = f"{row['dataset']}/{row['architecture']}/{row['activation']}/seed{row['seed']}"
            reason = f" ({row['reason']})" if row["reason"] else ""
            lines.append(f"  {name}: {row['status']}{reason}")
        if len(flagged) > MOST_NETWORKS:
            lines.append(f"  and {len(flagged) - MOST_NETWORKS} more: {store.path(study, 'networks')}")
    if elsewhere:
        lines.append(
            f"made elsewhere or otherwise than most: {elsewhere} of {len(rows)} networks ({store.path(study, 'networks')})"
        )
    return lines


def time_lines(measured: Iterable[tuple[str, float]]) -> list[str]:
    """What took how long: a line a rule, the longest first. measured: the rule and the seconds of each job."""
    by_rule: dict[str, list[float]] = {}
    for rule, seconds in measured:
        by_rule.setdefault(rule, []).append(seconds)
    total = sum(sum(times) for times in by_rule.values())
    lines = [f"time of jobs: {duration(total)}"] if by_rule else []
    for rule, times in sorted(by_rule.items(), key=lambda item: -sum(item[1])):
        jobs = f"{len(times)} job{'' if len(times) == 1 else 's'}"
        longest = f", the longest {duration(max(times))}" if len(times) > 1 else ""
        lines.append(f"  {rule:<16}{duration(sum(times)):>14}   {jobs}{longest}")
    return lines


def measured_seconds(study: str, jobs: Iterable[tuple[str, Mapping[str, str]]]) -> list[tuple[str, float]]:
    """(rule, seconds) of jobs, by what Snakemake measured of each. jobs: rules and wildcards; those not measured are left out."""
    found = []
    for rule, wildcards in jobs:
        file = Path(store.job_files(study, rule, **wildcards).benchmark)
        try:
            with open(file, encoding="utf-8") as lines:
                found.append((rule, float(next(csv.DictReader(lines, delimiter="\t"))["s"])))
        except (OSError, StopIteration, KeyError, ValueError):
            continue
    return found
