from collections.abc import Iterator

import failing_machine as machine
import pytest


@pytest.fixture(scope="session")
def failing_machine(tmp_path_factory) -> Iterator[machine.Run]:
    with machine.failing_machine(tmp_path_factory.mktemp("failing")) as run:
        yield run
