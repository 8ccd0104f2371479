"""The log of a process that is the runtime's own, as commands write it; and that of a service, which is left alone."""

import json
import logging
from pathlib import Path
from typing import Any

import pytest
import structlog

from runtime import Runtime
from runtime.logs.bound import FIELDS, AttemptFilter
from runtime.logs.rendering import rendered
from runtime.logs.settings import LoggingSettings
from runtime.settings import RuntimeSettings
from tests.cli.command import quaero
from tests.logs.bodies import ALL, Nothing, logging_thread

CONFIG = """
[modules]
workers = ["tests.logs.bodies:logging_thread", "tests.logs.bodies:logging_loop", "tests.logs.bodies:logging_apart"]

[logging]
format = "json"
level = "info"
"""
DEFINITION = """id = "logs"
name = "Logs"

[step.write]
action = "logging"
"""


def lines_of(directory: Path, worker: str, config: str = CONFIG) -> tuple[str, list[dict[str, Any]]]:
    """What a run of one job tells: the run, and its lines of JSON."""
    (directory / "quaero.toml").write_text(config)
    options = {each.worker_type: {"slots": 0} for each in ALL}
    settings = RuntimeSettings(store=directory / "quaero.db", worker_options=options)
    with Runtime(settings, workers=ALL) as runtime:
        run = runtime.fan_out(worker, [Nothing()])
    ended = quaero("work", "--until-idle", cwd=directory)
    assert ended.code == 0, ended.err
    told = [json.loads(line) for line in ended.err.splitlines() if line.startswith("{")]
    return run.id, told


def test_every_line_of_a_body_is_an_object_that_knows_its_job(tmp_path: Path) -> None:
    run, told = lines_of(tmp_path, "logging_thread")
    mine = [each for each in told if each["logger"].startswith("service.")]
    assert [(each["event"], each["level"], each["attempt"]) for each in mine] == [
        ("by logging", "info", 1),
        ("by structlog", "info", 1),
        ("it failed\nbadly", "error", 1),
        ("by logging", "info", 2),
        ("by structlog", "info", 2),
    ]
    first, second, third = mine[:3]
    assert list(first)[:5] == ["timestamp", "level", "logger", "event", "runtime"]
    assert {each["run"] for each in mine} == {run}
    assert {(each["step"], each["worker"]) for each in mine} == {("logging_thread", "logging_thread")}
    assert len({each["job"] for each in mine}) == len({each["runtime"] for each in mine}) == 1
    assert (first["answer"], second["question"]) == (42, "life")
    assert third["exception"].endswith("ValueError: first")
    assert first["timestamp"].endswith("Z")


def test_it_does_so_wherever_it_is_written_and_with_the_ids_of_its_span(tmp_path: Path) -> None:
    nobody = '[telemetry]\ntraces = "otlp"\nendpoint = "http://127.0.0.1:9"\n'
    managers = 'managers = ["tests.logs.bodies:LoggingManager"]\n'
    (tmp_path / "quaero.toml").write_text(CONFIG.replace("[logging]", f"{managers}\n[logging]") + nobody)
    (tmp_path / "logs.toml").write_text(DEFINITION)
    ended = quaero("run", "logs.toml", cwd=tmp_path, OTEL_TRACES_SAMPLER="always_off")
    assert ended.code == 0, ended.err
    told = [json.loads(line) for line in ended.err.splitlines()]
    mine = {each["event"]: each for each in told if each["logger"] == "service.of.the.user"}
    assert mine.keys() == {"named", "in a coroutine", "in its task", "apart"}
    assert {each["run"] for each in mine.values()} == {ended.out.split()[1]}
    assert {each["step"] for each in mine.values()} == {"write"}
    assert len({each["runtime"] for each in mine.values()}) == 1
    assert "job" not in mine["named"]
    assert mine["in a coroutine"]["job"] == mine["in its task"]["job"] != mine["apart"]["job"]
    assert mine["in a coroutine"]["span_id"] == mine["in its task"]["span_id"] != mine["apart"]["span_id"]
    assert len({each["trace_id"] for each in mine.values()}) == 1
    assert {each["event"].partition(" ")[0] for each in told if each["logger"] == "quaero.cli"} >= {"run"}


def told_as(settings: LoggingSettings) -> list[str]:
    """What some lines of loggers become."""
    told: list[str] = []
    with rendered(settings, told.append, lambda: "7"):
        logger = logging.getLogger("a.library")
        logger.debug("unheard")
        logger.warning("first line\nsecond line", extra={"key": "value"})
        try:
            raise OSError("no space")
        except OSError:
            logger.warning("it goes on", exc_info=True)
            logger.exception("it failed")
    return told


def test_for_people_a_line_is_one_line_and_an_error_comes_with_its_traceback() -> None:
    first, second, third = told_as(LoggingSettings())
    assert first == "WARNING a.library: first line (key=value)"
    assert second == "WARNING a.library: it goes on: OSError('no space')"
    assert third.startswith("ERROR a.library: it failed\nTraceback")
    assert third.endswith("OSError: no space")


def test_a_line_of_json_is_one_line_whatever_is_in_it() -> None:
    told = told_as(LoggingSettings("json", "warning"))
    assert not any("\n" in line for line in told)
    first = json.loads(told[0])
    assert (first["event"], first["runtime"], first["key"]) == ("first line\nsecond line", "7", "value")


def test_what_a_command_says_is_a_line_too_and_a_warning_one_of_that_level() -> None:
    with rendered(LoggingSettings("json"), print, str) as line_of:
        said, warned = (json.loads(line_of(text)) for text in ("3 pending", "warning: unknown key"))
    assert (said["level"], said["logger"], said["event"]) == ("info", "quaero.cli", "3 pending")
    assert (warned["level"], warned["event"]) == ("warning", "unknown key")


def test_what_can_not_be_written_as_json_is_shown_as_python_does() -> None:
    told: list[str] = []
    with rendered(LoggingSettings("json", "info"), told.append, str):
        structlog.get_logger("mine").info("odd", what={1, 2}, text="\ud800")
    assert json.loads(told[0])["what"] == "{1, 2}"


def test_afterwards_the_process_logs_as_before() -> None:
    root = logging.getLogger()
    before, level = root.handlers[:], root.level
    with rendered(LoggingSettings("json", "debug"), print, str):
        assert root.level == logging.DEBUG
    assert (root.handlers, root.level, structlog.is_configured()) == (before, level, False)


def test_a_structlog_that_was_configured_already_is_left_alone() -> None:
    structlog.configure(processors=[structlog.processors.JSONRenderer()])
    try:
        with rendered(LoggingSettings(), print, str):
            assert len(structlog.get_config()["processors"]) == 1
        assert structlog.is_configured()
    finally:
        structlog.reset_defaults()


def test_an_embedding_services_logging_is_left_alone(tmp_path: Path) -> None:
    root = logging.getLogger()
    before = (root.handlers[:], root.level)
    (tmp_path / "quaero.toml").write_text(
        f'[store]\npath = "{tmp_path}/jobs.db"\n[logging]\nformat = "json"\n'
    )
    with Runtime(tmp_path / "quaero.toml", workers=[logging_thread]):
        assert (root.handlers, root.level) == before
        assert not structlog.is_configured()


def test_a_service_can_have_its_own_lines_bound_too(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.handler.addFilter(AttemptFilter())
    settings = RuntimeSettings(store=tmp_path / "jobs.db", binds_logs=True)
    with caplog.at_level(logging.INFO), Runtime(settings, workers=[logging_thread]) as runtime:
        run = runtime.fan_out("logging_thread", [Nothing()])
        run.wait(100)
        logging.getLogger("outside").info("no job")
    by_event = {record.getMessage(): record for record in caplog.records}
    bound = {name: getattr(by_event["by logging"], name) for name in FIELDS}
    assert (bound["run"], bound["worker"], bound["trace_id"]) == (run.id, "logging_thread", "")
    assert getattr(by_event["no job"], "run") == ""  # noqa: B009
