"""Give every job a CUDA device of its own, or a share of one, where a machine has several."""

import os
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from itertools import product
from pathlib import Path

from filelock import FileLock, Timeout

# How many jobs may use a device at once, in the environment of a study's jobs, and how many do where no study says.
SHARE = "LAYERSCOPE_GPU_SHARE"
UNLIMITED = 256
SECONDS_BETWEEN_LOOKS = 2.0
SECONDS_BETWEEN_LINES = 600.0


def device_names(count: int, environment: Mapping[str, str]) -> list[str]:
    """The names of the devices that a job may use, in the order in which CUDA numbers them for it.

    count: how many CUDA shows it. environment: with CUDA_VISIBLE_DEVICES the names are those in it, so that jobs which are shown
    other devices of the machine do not take each other's for their own.
    """
    listed = [name.strip() for name in environment.get("CUDA_VISIBLE_DEVICES", "").split(",")]
    return [listed[index] if index < len(listed) and listed[index] else str(index) for index in range(count)]


def is_assigned(environment: Mapping[str, str]) -> bool:
    """Whether SLURM has given the job its devices, which no other job has and which may be called as another job's are."""
    return any(environment.get(key) for key in ("SLURM_JOB_GPUS", "SLURM_STEP_GPUS"))


def claim(devices: Sequence[str], share: int, folder: Path | None = None, patience: float = float("inf")) -> tuple[int, FileLock]:
    """The index of a free device and the lock that holds it; the system frees the lock when the process ends.

    share: how many jobs may hold a device; the device with the fewest is taken. folder: where the locks of all jobs of a machine
    lie. A job that finds no free device says so, and waits up to `patience` seconds; then it raises Timeout.
    """
    folder = Path(tempfile.gettempdir(), "layerscope-gpus") if folder is None else folder
    folder.mkdir(parents=True, exist_ok=True)
    # Jobs of other users of the machine lock the same files.
    if folder.stat().st_uid == os.getuid():
        folder.chmod(0o1777)
    started, said = time.monotonic(), float("-inf")
    while True:
        # First a device that no job has, then one that one job has, and so on.
        for place, (index, device) in product(range(share), enumerate(devices)):
            lock = FileLock(folder / f"{device.replace('/', '_')}.{place}.lock", mode=0o666)
            try:
                lock.acquire(timeout=0)
            except Timeout:
                continue
            return index, lock
        waited = time.monotonic() - started
        if waited > patience:
            raise Timeout(str(folder))
        if waited - said >= SECONDS_BETWEEN_LINES:
            said = waited
            print(
                f"layerscope: waiting for a GPU: {len(devices)} with {share} job{'s' if share > 1 else ''} each are all in use. "
                f"--resources gpu={len(devices) * share} starts no more than that; gpu_share in the study lets more share one",
                file=sys.stderr,
            )
        time.sleep(min(SECONDS_BETWEEN_LOOKS, max(0.01, patience)))


def claimed_index(count: int) -> int:
    """The index of the device of this job among `count` that CUDA shows it. It is held until the process ends."""
    if (count == 1 and SHARE not in os.environ) or is_assigned(os.environ):
        return 0
    index, lock = claim(device_names(count, os.environ), int(os.environ.get(SHARE, UNLIMITED)))
    _HELD.append(lock)
    return index


# Locks are freed when nothing refers to them any more.
_HELD: list[FileLock] = []
