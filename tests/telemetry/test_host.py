"""A service that has set up OpenTelemetry itself gets the runtime's spans and metrics in its own providers."""

import json
import logging
import subprocess
import sys
from pathlib import Path

import pytest

from runtime import Runtime
from runtime.settings import RuntimeSettings
from runtime.telemetry.settings import TelemetrySettings
from tests.embedding.processes import ROOT
from tests.embedding.workers import ALL, Number
from tests.machine import told_but_for_blame


def test_the_services_own_providers_get_all_of_it(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-W", "error", "-m", "tests.telemetry.host", str(tmp_path / "jobs.db")],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    assert told_but_for_blame(done.stderr) == ""
    found = json.loads(done.stdout)
    assert found["spans"] == ["after", "process double", "request", "run double", "send double"]
    assert found["traces"] == 1
    assert found["metrics"] == ["messaging.process.duration", "quaero.jobs"]


def test_a_service_that_has_set_up_none_is_told_so(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    settings = RuntimeSettings(store=tmp_path / "jobs.db", telemetry=TelemetrySettings(traces="host"))
    with caplog.at_level(logging.WARNING, "quaero.telemetry"), Runtime(settings, workers=ALL) as runtime:
        assert runtime.fan_out("double", [Number(1)]).wait(100).state == "completed"
    (record,) = [each for each in caplog.records if each.name == "quaero.telemetry"]
    assert record.getMessage().startswith('no spans are made: telemetry.traces = "host"')


def test_a_disabled_sdk_is_left_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OTEL_SDK_DISABLED", "true")
    settings = RuntimeSettings(
        store=tmp_path / "jobs.db", telemetry=TelemetrySettings(traces="otlp", metrics="otlp")
    )
    with Runtime(settings, workers=ALL) as runtime:
        assert runtime.fan_out("double", [Number(1)]).wait(100).state == "completed"
        assert runtime.assembly.resources()["observer"] is None
