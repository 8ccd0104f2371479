import json
import logging
from pathlib import Path
from typing import Any

import msgspec
import pytest

from actors.supervision import RestartIntensity
from actors.worker.contract import WorkerOptions
from runtime.config import (
    Config,
    ConfigError,
    config_schema,
    is_config,
    load_config,
    load_settings,
    settings_of,
)
from runtime.config.load import NOT_BUILT
from runtime.config.schema import SECTIONS, Worker
from runtime.logs.settings import LoggingSettings
from runtime.settings import RuntimeSettings
from runtime.telemetry.settings import TelemetrySettings


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "quaero.toml"


def faults(path: Path | None = None, **layers: Any) -> list[str]:
    try:
        found = load_config(path, **layers).warnings
    except ConfigError as error:
        found = error.diagnostics
    return [str(each).replace(f"{path}:", "quaero.toml:") for each in found]


def test_without_a_file_the_settings_are_the_defaults_of_the_runtime() -> None:
    assert settings_of(load_config()) == RuntimeSettings()


def test_every_key_reaches_the_settings(file: Path) -> None:
    file.write_text(
        """
        [system]
        grace_seconds = 2
        [store]
        path = "jobs.db"
        synchronous = "NORMAL"
        busy_timeout_seconds = 1.5
        lease_seconds = 0.3
        max_lost = 3
        [dispatchers.io]
        threads = 4
        [supervision]
        max_restarts = 1
        period_seconds = 60
        [workers.crawler_url]
        slots = 50
        [workers.resize]
        max_attempts = 1
        timeout_seconds = 9
        """
    )

    settings = settings_of(load_config(file))
    assert msgspec.structs.replace(settings, worker_settings={}, config_file=None) == RuntimeSettings(
        store=Path("jobs.db"),
        synchronous="NORMAL",
        busy_timeout_seconds=1.5,
        lease_seconds=0.3,
        max_lost=3,
        io_threads=4,
        grace_seconds=2,
        restart_intensity=RestartIntensity(1, 60),
        worker_options={"crawler_url": {"slots": 50}, "resize": {"max_attempts": 1, "timeout_seconds": 9}},
    )


def test_the_environment_overrides_the_file_and_flags_override_both(file: Path) -> None:
    file.write_text('[store]\npath = "file.db"\nlease_seconds = 10\nmax_lost = 5\n')
    environment = {"QUAERO_STORE__PATH": "environment.db", "QUAERO_STORE__LEASE_SECONDS": "20", "HOME": "x"}
    flags = {"store.path": "flag.db", "store.lease_seconds": None, "store.max_lost": None}

    store = load_config(file, environment=environment, flags=flags).config.store

    assert (store.path, store.lease_seconds, store.max_lost) == ("flag.db", 20, 5)


def test_an_unset_flag_or_variable_leaves_the_files_value_even_where_a_default_exists(file: Path) -> None:
    file.write_text("[workers.resize]\nslots = 16\n")
    worker = load_config(file, environment={"QUAERO_WORKERS__RESIZE__JITTER": "0.5"}).config.workers["resize"]

    assert worker.options() == {"slots": 16, "jitter": 0.5}


def test_variables_are_read_as_the_type_of_their_key() -> None:
    loaded = load_config(
        environment={
            "QUAERO_WORKERS__CRAWLER_URL__SLOTS": "7",
            "QUAERO_MODULES__WORKERS": "shop.jobs:resize, shop.jobs:mail",
            "QUAERO_STORE__PATH": "17",
            "QUAERO_STORE__SYNCHRONOUS": "NORMAL",
            "QUAERO_MANAGERS__PLACES_SEARCH__LIMIT": "3",
            "QUAERO_MANAGERS__PLACES_SEARCH__NAME": "plain text",
            "QUAERO_GATEWAY": "x",
            "QUAERO_ENCODE_MESSAGES": "1",
        }
    )
    config = loaded.config

    assert config.workers["crawler_url"].slots == 7
    assert config.modules.workers == ("shop.jobs:resize", "shop.jobs:mail")
    assert (config.store.path, config.store.synchronous) == ("17", "NORMAL")
    assert loaded.managers["places_search"].table == {
        "limit": "3",
        "name": "plain text",
    }  # their type is not known


@pytest.mark.parametrize("line_end", ["\n", "\r\n"])
@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "[store]\n\nlease_seconds = 0.1",
            "quaero.toml:3: store.lease_seconds must be a number of at least 0.3 and at most 86400, got 0.1",
        ),
        (
            '[store]\nsynchronous = "OFF"',
            'quaero.toml:2: store.synchronous must be "FULL" or "NORMAL", got "OFF"',
        ),
        (
            "[dispatchers.io]\nthreads = 'many'",
            'quaero.toml:2: dispatchers.io.threads must be an integer of at least 1 and at most 1024, got "many"',
        ),
        (
            "dispatchers = { io = { threads = 0 } }",
            "quaero.toml:1: dispatchers.io.threads must be an integer of at least 1 and at most 1024, got 0",
        ),
        (
            "[workers.resize]\nslots = 1\nmax_attempts = '3'",
            'quaero.toml:3: workers.resize.max_attempts must be an integer of at least 1 and at most 1000, got "3"',
        ),
        (
            "[modules]\nworkers = [\n 'a:b',\n 'ab']",
            'quaero.toml:4: modules.workers[1] must be text matching ^[^:]+:[^:]+$, got "ab"',
        ),
        ("workers = 3", "quaero.toml:1: workers must be a table, got 3"),
        ("[store]\npath = ''", "quaero.toml:2: store.path must be text of at least 1 character"),
        ("[stroe]\npath = 'x'", "quaero.toml:1: unknown key stroe; did you mean store?"),
        ("[store]\nlease = 3", "quaero.toml:2: unknown key store.lease; did you mean lease_seconds?"),
        ("[store]\nzebra = 3", "quaero.toml:2: unknown key store.zebra; it has no effect"),
        (
            "[store]\npath = 'a'\npath = 'b'",
            "quaero.toml:3: store.path is defined twice, the first time on line 2",
        ),
        ("[store\n", "quaero.toml:1: not TOML: "),
    ],
)
def test_a_fault_in_the_file_is_one_message_with_its_line(
    file: Path, text: str, message: str, line_end: str
) -> None:
    file.write_bytes((text + "\n").replace("\n", line_end).encode())
    found = faults(file)

    assert len(found) == 1
    assert found[0].startswith(message)


def test_a_fault_in_the_environment_names_the_variable(file: Path) -> None:
    file.write_text("[store]\nlease_seconds = 10\n")

    assert faults(file, environment={"QUAERO_STORE__LEASE_SECONDS": "soon"}) == [
        (
            "environment variable QUAERO_STORE__LEASE_SECONDS: store.lease_seconds must be a number of at least 0.3 and"
            ' at most 86400, got "soon"; set QUAERO_STORE__LEASE_SECONDS=3'
        )
    ]
    assert faults(file, environment={"QUAERO_STROE__PATH": "x"}) == [
        "environment variable QUAERO_STROE__PATH: unknown key stroe; did you mean store?"
    ]


def test_a_fault_in_a_flag_names_the_command_line() -> None:
    assert faults(flags={"dispatchers.io.threads": 0}) == [
        "command line: dispatchers.io.threads must be an integer of at least 1 and at most 1024, got 0; say 3"
    ]


def test_all_faults_are_told_errors_first(file: Path) -> None:
    file.write_text("[stroe]\n[store]\nmax_lost = 0\nlease_seconds = true\n")

    with pytest.raises(ConfigError) as refused:
        load_config(file)

    assert [(each.line, each.key_path) for each in refused.value.diagnostics] == [
        (3, "store.max_lost"),
        (4, "store.lease_seconds"),
        (1, "stroe"),
    ]


def test_a_file_that_is_not_there_is_one_message(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"absent\.toml: there is no such file"):
        load_config(tmp_path / "absent.toml")


def test_a_base_that_can_not_carry_a_runtime_is_refused_where_it_is_said(file: Path) -> None:
    file.write_text("[system]\n\nbase = 'multiprocTCPBase'\n")
    with pytest.raises(ConfigError, match=r"quaero\.toml:3: .* can not carry a runtime: .*several runtimes"):
        settings_of(load_config(file))
    with pytest.raises(ConfigError, match=r"can not carry a runtime: .*; say "):
        settings_of(load_config(flags={"system.base": "multiprocTCPBase"}))


def test_sections_that_this_version_does_nothing_with_are_warned_of(file: Path) -> None:
    file.write_text("[store]\n[integrations.broker]\nurl = 'nats://here'\n")
    warnings = load_config(file).warnings
    places = {"integrations": 2}
    assert [str(each) for each in warnings] == [
        f"{file}:{line}: [{name}] has no effect: this version has no {NOT_BUILT[name]}; leave the section out"
        for name, line in places.items()
    ]
    (warning,) = load_config(environment={"QUAERO_INTEGRATIONS__BROKER__URL": "nats://here"}).warnings
    assert "QUAERO_INTEGRATIONS" in str(warning)


def test_telemetry_and_logging_are_checked_as_all_is(file: Path) -> None:
    file.write_text(
        "[telemetry]\ntraces = 'zipkin'\nendpoint = 'localhost:4318'\nsample_ratio = 2\ntrace = 'otlp'\n"
        "[logging]\nformat = 'xml'\nlevel = 'loud'\n"
    )
    with pytest.raises(ConfigError) as error:
        load_config(file)
    assert [(each.line, each.key_path) for each in error.value.diagnostics] == [
        (2, "telemetry.traces"),
        (3, "telemetry.endpoint"),
        (4, "telemetry.sample_ratio"),
        (7, "logging.format"),
        (8, "logging.level"),
        (5, "telemetry.trace"),
    ]
    assert error.value.diagnostics[-1].hint == "did you mean traces?"


def test_telemetry_and_logging_become_settings(file: Path) -> None:
    file.write_text("[telemetry]\ntraces = 'otlp'\nsample_ratio = 0.5\n[logging]\nlevel = 'debug'\n")
    settings = settings_of(load_config(file, environment={"QUAERO_LOGGING__FORMAT": "json"}))
    assert settings.telemetry == TelemetrySettings(traces="otlp", sample_ratio=0.5)
    assert settings.logging == LoggingSettings("json", "debug")


def test_settings_come_from_a_file_and_this_processs_environment(
    file: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    file.write_text("[store]\npaht = 'x'\nmax_lost = 2\n")
    monkeypatch.setenv("QUAERO_STORE__PATH", "environment.db")
    with caplog.at_level(logging.WARNING, "quaero.config"):
        settings = load_settings(file)

    assert (settings.store, settings.max_lost) == (Path("environment.db"), 2)
    assert [record.message for record in caplog.records] == [
        f"{file}:2: unknown key store.paht; did you mean path?"
    ]


@pytest.mark.parametrize(
    ("table", "answer"),
    [
        ({"store": {}}, True),
        ({}, True),
        ({"workers": {}, "zebra": 1}, True),
        ({"id": "x", "step": {}}, False),
        ({"steps": []}, False),
        ({"zebra": 1}, False),
    ],
)
def test_a_configuration_is_told_from_a_job_definition(table: dict[str, Any], answer: bool) -> None:
    assert is_config(table) is answer


def test_the_schema_describes_every_section() -> None:
    schema = config_schema()

    assert set(schema["$defs"]["Config"]["properties"]) == SECTIONS
    json.dumps(schema)


def test_every_option_of_a_worker_can_be_overridden_but_what_its_code_alone_knows() -> None:
    options = {field.name for field in msgspec.structs.fields(WorkerOptions)}
    keys = {field.name for field in msgspec.structs.fields(Worker)}

    assert options - keys == {"spawns"}
    assert keys <= options


def test_an_empty_configuration_is_all_defaults() -> None:
    assert msgspec.convert({}, Config) == Config()
