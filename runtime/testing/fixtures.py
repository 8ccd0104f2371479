"""The pytest plugin: fixtures for the tests of a service. pytest finds it by itself (entry point ``pytest11``).

It adds fixtures whose names begin with ``quaero`` and nothing else: no options, no hooks, and nothing is imported
before a test asks for one of them. The only module of the package that knows pytest.
"""

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from runtime.testing import MakeRuntime, ManualClock


@pytest.fixture
def quaero_seed() -> int:
    """What order and chance are drawn from: ``QUAERO_SEED`` of the environment, or 0, which is first in, first out.

    Define a fixture of this name to choose another.
    """
    from runtime.testing.seed import chosen_seed

    return chosen_seed() or 0


@pytest.fixture
def quaero_clock() -> "ManualClock":
    """The virtual clock of the test's runtimes, at 2026-01-01 00:00 UTC.

    Define a fixture of this name to begin elsewhere.
    """
    from runtime.testing import ManualClock

    return ManualClock()


@pytest.fixture
def quaero(quaero_clock: "ManualClock", quaero_seed: int) -> "Iterator[MakeRuntime]":
    """Make simulated runtimes with ``quaero(workers=[…])``: they are started, and closed after the test."""
    from runtime.testing import RuntimeMaker

    maker = RuntimeMaker(quaero_seed, clock=quaero_clock)
    yield maker
    maker.close()
