"""How much memory all jobs of a machine may use: what is built in, or what a container leaves of it."""

import psutil
import pytest

from layerscope.jobs.machine_memory import machine_memory


def test_it_is_that_of_the_machine():
    assert machine_memory(limits=()) == psutil.virtual_memory().total // 10**6


@pytest.mark.parametrize(("written", "expected"), [("1500000000\n", 1500), ("max\n", None), (f"{2**63 - 4096}\n", None)])
def test_a_container_may_have_less(tmp_path, written: str, expected: int | None):
    limit = tmp_path / "memory.max"
    limit.write_text(written)
    found = machine_memory(limits=(tmp_path / "none", limit))
    assert found == (machine_memory(limits=()) if expected is None else expected)
