"""Traces through real processes: killed and continued, asked for over HTTP, and where nobody wants any."""

import json
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from runtime import Runtime
from runtime.settings import RuntimeSettings
from tests.cli.command import command_line, quaero, surroundings
from tests.cli.running import running
from tests.embedding.processes import ROOT, sql, until
from tests.embedding.workers import Number, double
from tests.machine import told_but_for_blame
from tests.telemetry.receiver import Receiver

CONFIG = """
[modules]
workers = ["tests.cli.gates:gate"]
managers = ["tests.cli.gates:GatesManager"]

[definitions]
directory = "definitions"

[telemetry]
traces = "otlp"
endpoint = "{endpoint}"
service_name = "gates of the test"
"""
GATES = """id = "gates"
name = "Gates"

[step.gates]
action = "gates"
path = "open-{}"
gates = 2
"""
CALLER = "4bf92f3577b34da6a3ce929d0e0e4736"
SPAN = "00f067aa0ba902b7"
COMPLETED = "SELECT count(*) FROM job WHERE kind = 'job' AND state = 'completed'"


@pytest.fixture
def place(tmp_path: Path, receiver: Receiver, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("OTEL_BSP_SCHEDULE_DELAY", "20")
    (tmp_path / "quaero.toml").write_text(CONFIG.replace("{endpoint}", receiver.endpoint))
    (tmp_path / "definitions").mkdir()
    (tmp_path / "definitions" / "gates.toml").write_text(GATES)
    return tmp_path


def test_a_run_that_outlives_its_process_is_one_trace(place: Path, receiver: Receiver) -> None:
    (place / "open-0").touch()
    with running("run", "gates", cwd=place) as command:
        receiver.wait(lambda: len(receiver.named("process gates")) == 1, "the first job's span")
        # A span ends before what it tells of is durable: killed in between, the job would run again.
        until(lambda: sql(place / "quaero.db", COMPLETED) == [(1,)], what="the first job's end")
        command.process.kill()
        command.process.wait(100)
    (place / "open-1").touch()
    assert quaero("work", "--until-idle", cwd=place).code == 0

    (root,), (step,) = receiver.named("run gates"), receiver.named("send gates")
    first, second = receiver.named("process gates")
    assert {each.trace_id for each in receiver.spans} == {root.trace_id}
    assert {first.parent_id, second.parent_id} == {step.span_id}
    assert (step.parent_id, root.parent_id) == (root.span_id, "")
    assert first.service["service.instance.id"] != second.service["service.instance.id"]
    assert root.service["service.instance.id"] == second.service["service.instance.id"]
    assert root.service["service.name"] == "gates of the test"


def test_a_request_with_a_traceparent_has_its_run_below_it(place: Path, receiver: Receiver) -> None:
    for number in range(2):
        (place / f"open-{number}").touch()
    with running("serve", "--port", 0, "--json", cwd=place) as command:
        command.prints(1)
        url = json.loads(command.printed[0])["url"]
        headers = {"traceparent": f"00-{CALLER}-{SPAN}-01", "tracestate": "vendor=value"}
        httpx.post(
            f"{url}/api/job-definitions/gates/execute", headers=headers, trust_env=False, timeout=100
        ).raise_for_status()
        receiver.wait(lambda: bool(receiver.named("run gates")), "the run's span")
        unsampled = {"traceparent": f"00-{CALLER}-{SPAN}-00"}
        httpx.post(
            f"{url}/api/job-definitions/gates/execute", headers=unsampled, trust_env=False, timeout=100
        )
        wrong = {"traceparent": f"00-{'0' * 32}-{SPAN}-01"}
        httpx.post(f"{url}/api/job-definitions/gates/execute", headers=wrong, trust_env=False, timeout=100)
        receiver.wait(
            lambda: len(receiver.named("run gates")) == 2, "the span of the run with a wrong header"
        )
    first, second = receiver.named("run gates")
    assert (first.trace_id, first.parent_id) == (CALLER, SPAN)
    assert (second.trace_id != CALLER, second.parent_id) == (True, "")
    assert {each.trace_id for each in receiver.spans} == {first.trace_id, second.trace_id}


def test_what_was_submitted_where_nobody_traces_is_traced_by_those_who_do(
    place: Path, receiver: Receiver
) -> None:
    options = {"double": {"slots": 0}}
    with Runtime(
        RuntimeSettings(store=place / "quaero.db", worker_options=options), workers=[double]
    ) as runtime:
        runtime.fan_out("double", [Number(1)])
    config = (place / "quaero.toml").read_text()
    both = '"tests.cli.gates:gate", "tests.embedding.workers:double"'
    (place / "quaero.toml").write_text(config.replace('"tests.cli.gates:gate"', both))
    assert quaero("work", "--until-idle", cwd=place).code == 0
    assert sorted(each.name for each in receiver.spans) == ["process double", "run double", "send double"]
    assert len({each.trace_id for each in receiver.spans}) == 1


def test_a_runtime_that_is_not_told_to_loads_nothing_of_opentelemetry(tmp_path: Path) -> None:
    code = (
        "import sys; from runtime import Runtime; from tests.embedding.workers import Number, double\n"
        "with Runtime(store=sys.argv[1], workers=[double]) as runtime:\n"
        "    runtime.fan_out('double', [Number(1)]).wait(100)\n"
        "print([name for name in ('opentelemetry', 'structlog', 'google.protobuf') if name in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path / "jobs.db")],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    assert (done.stdout, told_but_for_blame(done.stderr)) == ("[]\n", "")


def test_variables_of_opentelemetry_go_before_the_file(place: Path, receiver: Receiver) -> None:
    for number in range(2):
        (place / f"open-{number}").touch()
    variables = {
        "OTEL_SERVICE_NAME": "of the environment",
        "OTEL_TRACES_SAMPLER": "always_off",
        "OTEL_RESOURCE_ATTRIBUTES": "deployment.environment.name=test",
    }
    assert quaero("run", "gates", cwd=place, **variables).code == 0
    assert receiver.spans == []
    variables["OTEL_TRACES_SAMPLER"] = "always_on"
    assert quaero("run", "gates", cwd=place, **variables).code == 0
    (root,) = receiver.named("run gates")
    assert root.service["service.name"] == "of the environment"
    assert root.service["deployment.environment.name"] == "test"


def test_without_the_extra_telemetry_is_refused_with_what_to_install(place: Path) -> None:
    hiding = place / "sitecustomize.py"
    hiding.write_text(
        "import sys\n"
        "class Hidden:\n"
        "    def find_spec(self, name, path=None, target=None):\n"
        "        if name.startswith('opentelemetry'): raise ModuleNotFoundError(name)\n"
        "sys.meta_path.insert(0, Hidden())\n"
    )
    for arguments in (("check", "quaero.toml"), ("run", "gates")):
        done = subprocess.run(
            command_line(*arguments),
            cwd=place,
            env=surroundings(PYTHONPATH=f"{place}:{ROOT}"),
            capture_output=True,
            text=True,
            timeout=100,
            check=False,
        )
        assert done.returncode == 2, done.stderr
        assert (
            'quaero.toml:10: telemetry.traces = "otlp" needs OpenTelemetry, which is not installed'
            in done.stderr
        )
        assert "pip install 'quaero-runtime[otel]'" in done.stderr
    assert not (place / "quaero.db").exists()


def test_a_command_goes_on_with_the_trace_of_its_environment(place: Path, receiver: Receiver) -> None:
    for number in range(2):
        (place / f"open-{number}").touch()
    assert quaero("run", "gates", cwd=place, TRACEPARENT=f"00-{CALLER}-{SPAN}-01").code == 0
    (root,) = receiver.named("run gates")
    assert (root.trace_id, root.parent_id) == (CALLER, SPAN)
