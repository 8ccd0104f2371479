"""RuntimeSettings: all that a runtime needs to know before it starts, however it was told."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec

from actors.supervision import RestartIntensity
from runtime.gateway.settings import GatewaySettings
from runtime.logs.settings import LoggingSettings
from runtime.store.retention import Retention
from runtime.telemetry.settings import TelemetrySettings


class Said(msgspec.Struct, frozen=True):
    """A table of a configuration before its type is known, and where each of its keys was said."""

    table: dict[str, Any]
    origin: Callable[
        [tuple[str | int, ...]], Any
    ]  # an Origin of runtime.config, by the path from the file's top


class RuntimeSettings(msgspec.Struct, frozen=True):
    """How one runtime runs. ``runtime.config`` makes it of ``quaero.toml``, the environment and flags."""

    store: Path = Path("quaero.db")
    synchronous: str = "FULL"
    busy_timeout_seconds: float = 10.0
    lease_seconds: float = 30.0
    max_lost: int = 20
    io_threads: int = 32
    cpu_processes: int = 0  # that run bodies at once; 0 = as many as there are processors
    own_process: bool = False  # the process is the runtime's own: it may tune the interpreter
    grace_seconds: float = 10.0  # running attempts get this long to end when the runtime stops
    restart_intensity: RestartIntensity = RestartIntensity()
    retention: Retention = Retention()  # how long what has ended is kept; for ever, unless it says otherwise
    worker_options: dict[str, dict[str, Any]] = {}  # by type: fields of WorkerOptions to override
    worker_settings: dict[str, Any] = {}  # by type: a Struct of the worker's settings_type, a table, or Said
    manager_settings: dict[str, Any] = {}  # by action, the same
    webhooks: dict[str, Any] = {}  # by name: WebhookSettings, a table, or Said
    config_file: Path | None = None  # it was read from
    worker_modules: tuple[str, ...] = ()  # "module:name" of workers of one's own
    manager_modules: tuple[str, ...] = ()
    agent_modules: tuple[str, ...] = ()
    definitions_directory: Path | None = None  # of job definitions, known by their ids
    allow_unknown_actions: bool = (
        False  # those of the definitions that another runtime on the store carries out
    )
    gateway: GatewaySettings = GatewaySettings()  # of ``quaero serve``
    adopts: bool = True  # at the start, schedules of the definitions are set and those with auto_start run
    telemetry: TelemetrySettings = TelemetrySettings()  # traces and metrics; off
    logging: LoggingSettings = (
        LoggingSettings()
    )  # of the process's log, where the process is the runtime's own
    binds_logs: bool = False  # log lines that bodies write know their run and job: ``runtime.logs.bound``
    key_file: Path | None = None  # of the auth records; None = in <store>.d/
