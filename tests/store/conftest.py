"""A store on a real file, with a clock that only the test moves."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from actors.seams import ManualClock
from tests.store.driver import StoreDriver


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
def store(tmp_path: Path, clock: ManualClock) -> Iterator[StoreDriver]:
    driver = StoreDriver(tmp_path / "jobs.db", clock)
    yield driver
    driver.oracle.check()
    driver.close()
