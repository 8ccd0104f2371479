"""Load the configuration: a file < the environment < flags, checked as one, each fault with the place it came from."""

import logging
import os
from collections.abc import Callable, Container, Mapping
from pathlib import Path as FilePath
from typing import Any

import msgspec

from actors.supervision import RestartIntensity
from runtime.config.environment import environment_layer
from runtime.config.layers import Layer, Origin, merged, nested, origin_of
from runtime.config.schema import SECTIONS, Config, Gateway, Worker
from runtime.gateway.settings import GatewaySettings
from runtime.gateway.tokens import Role, Token
from runtime.logs.settings import LoggingSettings
from runtime.settings import RuntimeSettings, Said
from runtime.store.retention import Retention
from runtime.telemetry.settings import TelemetrySettings
from runtime.toml.diagnostic import BadFileError, Diagnostic, Path, Severity, in_order, path_text
from runtime.toml.document import UnreadableError, read_document
from runtime.toml.shape import fit
from runtime.toml.wording import key_shown, quoted

_log = logging.getLogger("quaero.config")

NOT_BUILT = {"integrations": "integrations with message brokers"}
"""Sections that are read and checked, and what this version lacks to give them an effect."""


class ConfigError(BadFileError):
    """The configuration can not be used; ``diagnostics`` are all that was found, errors first."""


class LoadedConfig(msgspec.Struct, frozen=True):
    """A configuration and what its author should know."""

    config: Config
    warnings: tuple[Diagnostic, ...] = ()
    workers: dict[str, Said] = {}  # every section of a worker, without the worker's options
    managers: dict[str, Said] = {}
    webhooks: dict[str, Said] = {}
    file: FilePath | None = None
    origin: Callable[[Path], Origin] = lambda _: Origin("configuration")  # where the key of a path was said


def load_config(
    path: str | os.PathLike[str] | None = None,
    *,
    environment: Mapping[str, str] | None = None,
    flags: Mapping[str, Any] | None = None,
) -> LoadedConfig:
    """Load a configuration; settings of workers and managers are judged where their types are known (``own``).

    Args:
        path: ``quaero.toml``; None = no file.
        environment: ``os.environ`` or a part of it; None = no variables.
        flags: values by dotted key (``{"store.path": "jobs.db"}``); a None among them is a flag that was not given.

    Raises:
        ConfigError: the file can not be read, or a value is not what its key wants.
    """
    layers = _layers(path, environment or {}, flags or {})
    table = merged(layers)
    workers = _taken(
        table, layers, "workers", {field.encode_name for field in msgspec.structs.fields(Worker)}
    )
    managers = _taken(table, layers, "managers", frozenset())
    webhooks = _taken(table, layers, "webhooks", frozenset())
    found = fit(table, Config)
    diagnostics = [
        told(
            origin_of(layers, misfit.path),
            misfit.path,
            f"{path_text(misfit.path)} {misfit.sentence}",
            hint=misfit.hint,
            value=misfit.value,
        )
        for misfit in found.misfits
    ]
    for unknown in found.unknown:
        hint = f"did you mean {key_shown(unknown.meant)}?" if unknown.meant else "it has no effect"
        origin = origin_of(layers, unknown.path)
        message = f"unknown key {path_text(unknown.path)}"
        diagnostics.append(told(origin, unknown.path, message, hint=hint, severity=Severity.WARNING))
    for section in NOT_BUILT.keys() & table.keys():
        origin = origin_of(layers, (section,))
        message = f"[{section}] has no effect: this version has no {NOT_BUILT[section]}"
        hint = "leave the section out"
        diagnostics.append(told(origin, (section,), message, hint=hint, severity=Severity.WARNING))
    if found.misfits:
        raise ConfigError(diagnostics)
    return LoadedConfig(
        msgspec.convert(found.value, Config),
        in_order(diagnostics),
        workers,
        managers,
        webhooks,
        None if path is None else FilePath(path),
        lambda path: origin_of(layers, path),
    )


def load_settings(path: str | os.PathLike[str] | None = None) -> RuntimeSettings:
    """The settings of a file and this process's environment; warnings go to the logger ``quaero.config``.

    Raises:
        ConfigError: see ``load_config``.
    """
    loaded = load_config(path, environment=os.environ)
    for warning in loaded.warnings:
        _log.warning("%s", warning)
    return settings_of(loaded)


def settings_of(loaded: LoadedConfig) -> RuntimeSettings:
    """What a runtime needs of a configuration.

    Raises:
        ConfigError: it asks for what this version can not do.
    """
    config = loaded.config
    if config.system.base != "inprocess":
        origin = loaded.origin(("system", "base"))
        message = (
            f"system.base = {quoted(config.system.base)} can not carry a runtime: its store, and the threads and the"
            " asyncio loop that bodies run on, belong to one process, and each worker actor would be another"
        )
        hint = 'write base = "inprocess"; for more processes start several runtimes on one store'
        raise ConfigError([told(origin, ("system", "base"), message, hint=hint)])
    telemetry = msgspec.convert(msgspec.structs.asdict(config.telemetry), TelemetrySettings)
    if telemetry.problem:
        path = ("telemetry", "traces" if telemetry.traces != "off" else "metrics")
        message = f"{path_text(path)} = {quoted(getattr(telemetry, path[1]))} {telemetry.problem}"
        raise ConfigError([told(loaded.origin(path), path, message, hint=telemetry.remedy)])
    directory = config.definitions.directory
    return RuntimeSettings(
        store=FilePath(config.store.path).expanduser(),
        synchronous=config.store.synchronous,
        busy_timeout_seconds=config.store.busy_timeout_seconds,
        lease_seconds=config.store.lease_seconds,
        max_lost=config.store.max_lost,
        io_threads=config.dispatchers.io.threads,
        cpu_processes=config.dispatchers.cpu.processes,
        grace_seconds=config.system.grace_seconds,
        restart_intensity=RestartIntensity(
            config.supervision.max_restarts, config.supervision.period_seconds
        ),
        retention=Retention(
            config.retention.completed_days,
            config.retention.failed_days,
            config.retention.events_days,
            config.retention.deliveries_days,
        ),
        worker_options={
            name: options for name, worker in config.workers.items() if (options := worker.options())
        },
        worker_settings=dict(loaded.workers),
        manager_settings=dict(loaded.managers),
        webhooks=dict(loaded.webhooks),
        config_file=loaded.file,
        worker_modules=config.modules.workers,
        manager_modules=config.modules.managers,
        allow_unknown_actions=config.definitions.allow_unknown_actions,
        agent_modules=config.modules.agents,
        definitions_directory=FilePath(directory).expanduser() if directory else None,
        key_file=FilePath(config.store.key_file).expanduser() if config.store.key_file else None,
        gateway=_gateway_settings(config.gateway),
        telemetry=telemetry,
        logging=LoggingSettings(config.logging.format, config.logging.level),
    )


def _gateway_settings(section: Gateway) -> GatewaySettings:
    return GatewaySettings(
        host=section.host,
        port=section.port,
        tokens=tuple(
            Token(name, each.sha256, Role[each.role.upper()]) for name, each in section.tokens.items()
        ),
        allowed_hosts=section.allowed_hosts,
        allowed_origins=section.allowed_origins,
        secure_cookies=section.secure_cookies,
        trusted_proxies=section.trusted_proxies,
    )


def is_config(table: Mapping[str, Any]) -> bool:
    """Whether a parsed file is a configuration rather than a job definition."""
    return not table.keys() & {"id", "step", "steps", "start_urls"} and bool(
        table.keys() & SECTIONS or not table
    )


def _layers(
    path: str | os.PathLike[str] | None, environment: Mapping[str, str], flags: Mapping[str, Any]
) -> list[Layer]:
    layers: list[Layer] = []
    if path is not None:
        try:
            document = read_document(path)
        except UnreadableError as error:
            raise ConfigError([error.diagnostic]) from error
        layers.append(Layer(document.table, lambda place: Origin(document.file, document.line(place) or 1)))
    layers.append(environment_layer(environment))
    layers.append(
        Layer(
            nested({tuple(key.split(".")): value for key, value in flags.items()}),
            lambda _: Origin("command line"),
        )
    )
    return layers


def told(
    origin: Origin,
    path: Path,
    message: str,
    *,
    hint: str,
    value: str | None = None,
    severity: Severity = Severity.ERROR,
) -> Diagnostic:
    """A fault at a path of the configuration; the hint is of the place the value came from."""
    if origin.line is None and origin.file and " = " in hint:
        wanted = hint.partition(" = ")[2]
        hint = f"set {origin.variable}={wanted}" if origin.variable else f"say {wanted}"
    return Diagnostic(message, origin.file, origin.line, path_text(path), value, hint, severity)


def _taken(table: dict[str, Any], layers: list[Layer], section: str, kept: Container[str]) -> dict[str, Said]:
    """Take from each table of the section the keys that are not ``kept``; those are left in ``table``."""
    sections = table.get(section)
    if not isinstance(sections, dict):
        return {}
    table[section] = dict(sections)
    found: dict[str, Said] = {}
    for name, keys in sections.items():
        if isinstance(keys, dict):
            table[section][name] = {key: value for key, value in keys.items() if key in kept}
            own = {key: value for key, value in keys.items() if key not in kept}
            found[name] = Said(own, lambda path: origin_of(layers, path))
    return found
