"""The threads of numba: how many work, and what they do while they wait."""

import os
from contextlib import contextmanager

import numba

# What tells OpenMP how its threads wait.
WAITING = ("OMP_WAIT_POLICY", "GOMP_SPINCOUNT")


@contextmanager
def threads_limited(n_jobs: int | None):
    """Limit numba to n_jobs threads within the block; None or -1 leaves their number as it is."""
    before = numba.get_num_threads()
    if n_jobs is not None and n_jobs > 0:
        numba.set_num_threads(min(n_jobs, numba.config.NUMBA_NUM_THREADS))
    try:
        yield
    finally:
        numba.set_num_threads(before)


def let_waiting_threads_sleep() -> None:
    """Start numba's threads such that they sleep while they wait for work, unless they run already or the environment says how.

    By default OpenMP's threads spin for milliseconds. An interpolated descent has other threads work between two loops of numba,
    whose cores would be taken: 17 seconds of processor time where it took 6.
    """
    if any(variable in os.environ for variable in WAITING):
        return
    # Read when numba loads its threading layer, which asking for the number of threads does.
    os.environ["OMP_WAIT_POLICY"] = "passive"
    try:
        numba.get_num_threads()
    finally:
        del os.environ["OMP_WAIT_POLICY"]
