"""Provenance: the versions and devices that are stored in result files, and the facts that only go into logs."""

import json
import os
import platform
import subprocess
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path

from layerscope.version import VERSION

# What all results depend on; engines and families declare what theirs depend on besides.
PACKAGES = ("numpy", "scipy", "torch", "h5py", "numba", "scikit-learn")


def canonical_json(value: object) -> str:
    """JSON with one spelling for equal values: sorted keys, no spaces, no `<`. For job params and the metadata of files."""
    # Snakemake's report writes job params into a <script>, which a title with </script> would end.
    return json.dumps(value, sort_keys=True, separators=(",", ":")).replace("<", "\\u003c")


def versions(packages: Iterable[str] = ()) -> dict[str, str]:
    """The version of layerscope, of PACKAGES and of other packages that a result depends on; a missing one is left out."""
    found = {"layerscope": VERSION, "python": platform.python_version()}
    for package in (*PACKAGES, *packages):
        try:
            found[package] = metadata.version(package)
        except metadata.PackageNotFoundError:
            continue
    return found


def unlike_versions(versions: Sequence[Mapping[str, str]]) -> list[int]:
    """The places of those in which a package has another version than in most others that name it.

    What a package made nothing of does not name it, so only what is named by both is compared.
    """
    named: dict[str, Counter[str]] = {}
    for one in versions:
        for package, version in one.items():
            named.setdefault(package, Counter())[version] += 1
    usual = {package: counts.most_common(1)[0][0] for package, counts in named.items()}
    return [place for place, one in enumerate(versions) if any(version != usual[package] for package, version in one.items())]


def provenance(
    *,
    device: str = "cpu",
    threads: int = 1,
    seeds: list[int] | None = None,
    status: str = "ok",
    reason: str = "",
    attempts: list[float | None] | None = None,
    class_rates: list[float] | None = None,
    packages: Iterable[str] = (),
) -> dict:
    """The reproducible facts that are stored in a result file.

    status: ok, diverged, not_accepted or given (not trained here), with its reason. attempts: the test accuracy of each
    attempt, for a training that is repeated until it is accepted. class_rates: the share of each class in what a training
    drew, if the study sets shares.
    packages: those that the kind of the result declares.
    """
    made_by = {
        "versions": versions(packages),
        "processor": platform.machine(),
        "device": device,
        "threads": threads,
        "seeds": seeds or [],
        "status": status,
        "reason": reason,
    }
    recorded = {"attempts": attempts, "class_rates": class_rates}
    return made_by | {key: values for key, values in recorded.items() if values}


def commit() -> str:
    """The git commit of the running layerscope; "" if it is in no git repository, or git is not installed."""
    # Git is asked for this file too: an installed package may lie inside the repository of another project.
    ask = ["git", "-C", str(Path(__file__).parent), "rev-parse", "HEAD", f"HEAD:./{Path(__file__).name}"]
    try:
        done = subprocess.run(ask, capture_output=True, text=True, check=False)
    except OSError:
        return ""
    found = done.stdout.split()
    return found[0] if done.returncode == 0 and found else ""


def describe_job() -> str:
    """One JSON line for the log: host, time, commit, and on a cluster the job and its GPUs. Result files must not have these."""
    return canonical_json(
        {
            "host": platform.node(),
            "started": datetime.now(UTC).isoformat(timespec="seconds"),
            "commit": commit(),
            "processes": os.cpu_count(),
            "slurm_job": os.environ.get("SLURM_JOB_ID"),
            "cuda_visible_devices": os.environ.get("CUDA_VISIBLE_DEVICES"),
        }
    )
