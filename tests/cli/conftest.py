"""A store with known contents in a directory of its own."""

from pathlib import Path

import pytest

from tests.cli.filling import Filled, filled_store


@pytest.fixture
def filled(tmp_path: Path) -> Filled:
    """A filled ``quaero.db``, the default store of ``tmp_path``."""
    return filled_store(tmp_path / "quaero.db")
