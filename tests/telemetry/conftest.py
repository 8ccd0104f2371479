"""A receiver, and settings that send to it."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from runtime.settings import RuntimeSettings
from runtime.telemetry.settings import TelemetrySettings
from tests.telemetry.receiver import Receiver, receiving

Traced = Callable[..., RuntimeSettings]


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    """Takes what is sent by OTLP over HTTP."""
    with receiving() as found:
        yield found


@pytest.fixture
def traced(tmp_path: Path, receiver: Receiver) -> Traced:
    """Settings of a runtime that sends its spans to the receiver."""

    def settings(**more: object) -> RuntimeSettings:
        wanted = {"traces": "otlp", "endpoint": receiver.endpoint, **more}
        return RuntimeSettings(
            store=tmp_path / "jobs.db",
            grace_seconds=0.5,
            telemetry=TelemetrySettings(**wanted),  # type: ignore[arg-type]
        )

    return settings
