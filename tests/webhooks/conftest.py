"""A receiver, and a runtime that sends to it."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from runtime import Runtime
from runtime.settings import RuntimeSettings
from tests.embedding.workers import ALL
from tests.webhooks.receiver import Receiver, receiving

QUICK = {
    "webhook_delivery": {
        "backoff_seconds": 0.01,
        "jitter": 0.0,
        "max_attempts": 3,
        "max_backoff_seconds": 0.01,
    }
}


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as opened:
        yield opened


@pytest.fixture
def runtime(tmp_path: Path) -> Iterator[Runtime]:
    """It tries a delivery three times, at once."""
    settings = RuntimeSettings(store=tmp_path / "jobs.db", worker_options=QUICK, grace_seconds=0.5)
    with Runtime(settings, workers=ALL) as started:
        yield started
