"""What many tests of the whole runtime need."""

from collections.abc import Iterator
from threading import Event

import pytest

from tests.embedding.workers import GATES


@pytest.fixture
def gate(request: pytest.FixtureRequest) -> Iterator[str]:
    """The name of a gate at which ``gated`` jobs wait until the test opens it; open at the end."""
    name = request.node.name
    GATES[name] = Event()
    yield name
    GATES.pop(name).set()
