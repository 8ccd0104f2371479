"""A receiver that is not there, or does not answer, disturbs neither jobs nor the end."""

import socket
import threading
from collections.abc import Iterator
from pathlib import Path
from time import monotonic

import pytest

from runtime import Runtime
from runtime.settings import RuntimeSettings
from runtime.telemetry import telemetry
from runtime.telemetry.settings import TelemetrySettings
from tests.embedding.processes import until
from tests.embedding.workers import ALL, Number


@pytest.fixture(params=["refuses", "never answers"])
def endpoint(request: pytest.FixtureRequest) -> Iterator[str]:
    """Nobody answers there. The SDK's threads that went on trying end before the next test begins.

    They draw from ``random``, whose state belongs to the tests: hypothesis refuses to see it change under its hands.
    """
    before = set(threading.enumerate())
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        if request.param == "never answers":
            listening.listen(16)
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"
    until(lambda: set(threading.enumerate()) <= before, what="the end of the SDK's threads")


def test_jobs_go_on_and_the_end_comes_in_time(
    tmp_path: Path, endpoint: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(telemetry, "CLOSE_SECONDS", 1.0)
    for name, value in {"SCHEDULE_DELAY": 1, "MAX_QUEUE_SIZE": 64, "MAX_EXPORT_BATCH_SIZE": 32}.items():
        monkeypatch.setenv(f"OTEL_BSP_{name}", str(value))
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_TIMEOUT", "2")  # seconds; how long its threads outlive the runtime
    settings = RuntimeSettings(
        store=tmp_path / "jobs.db",
        telemetry=TelemetrySettings(
            traces="otlp", metrics="otlp", endpoint=endpoint, metrics_interval_seconds=0.1
        ),
    )
    with Runtime(settings, workers=ALL) as runtime:
        ended = runtime.fan_out("double", [Number(number) for number in range(150)]).wait(100)
        assert ended.counts.completed == 150
        before = monotonic()
        runtime.close()
        assert monotonic() - before < 30.0  # the SDK by itself waits for a minute
