"""Load the configuration: a file < the environment < flags, checked as one, each fault with the place it came from."""

import logging
import os
from collections.abc import Collection, Mapping
from pathlib import Path as FilePath
from typing import Any

import msgspec

from actors.supervision import RestartIntensity
from runtime.config.environment import environment_layer
from runtime.config.layers import Layer, Origin, merged, nested, origin_of
from runtime.config.schema import SECTIONS, Config
from runtime.settings import RuntimeSettings
from runtime.store.retention import Retention
from runtime.toml.diagnostic import BadFileError, Diagnostic, Path, Severity, in_order, path_text
from runtime.toml.document import UnreadableError, read_document
from runtime.toml.shape import fit
from runtime.toml.wording import key_shown, nearest, quoted

_log = logging.getLogger("quaero.config")


class ConfigError(BadFileError):
    """The configuration can not be used; ``diagnostics`` are all that was found, errors first."""


class LoadedConfig(msgspec.Struct, frozen=True):
    """A configuration and what its author should know."""

    config: Config
    warnings: tuple[Diagnostic, ...] = ()


def load_config(
    path: str | os.PathLike[str] | None = None,
    *,
    environment: Mapping[str, str] | None = None,
    flags: Mapping[str, Any] | None = None,
    workers: Collection[str] | None = None,
    managers: Collection[str] | None = None,
) -> LoadedConfig:
    """Load a configuration.

    Args:
        path: ``quaero.toml``; None = no file.
        environment: ``os.environ`` or a part of it; None = no variables.
        flags: values by dotted key (``{"store.path": "jobs.db"}``); a None among them is a flag that was not given.
        workers: the worker types there are, to warn of sections for others; None = not known.
        managers: the same of actions.

    Raises:
        ConfigError: the file can not be read, or a value is not what its key wants.
    """
    layers = _layers(path, environment or {}, flags or {})
    found = fit(merged(layers), Config)
    diagnostics = [
        _diagnostic(
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
        diagnostics.append(_warning(layers, unknown.path, f"unknown key {path_text(unknown.path)}", hint))
    for section, known in (("workers", workers), ("managers", managers)):
        for name in found.value.get(section, {}) if isinstance(found.value.get(section), dict) else {}:
            if known is not None and name not in known:
                meant = nearest(name, known)
                hint = f"did you mean {quoted(meant)}?" if meant else "it has no effect"
                diagnostics.append(
                    _warning(layers, (section, name), f"there is no {section[:-1]} {quoted(name)}", hint)
                )
    if found.misfits:
        raise ConfigError(diagnostics)
    return LoadedConfig(msgspec.convert(found.value, Config), in_order(diagnostics))


def load_settings(path: str | os.PathLike[str] | None = None) -> RuntimeSettings:
    """The settings of a file and this process's environment; warnings go to the logger ``quaero.config``.

    Raises:
        ConfigError: see ``load_config``.
    """
    loaded = load_config(path, environment=os.environ)
    for warning in loaded.warnings:
        _log.warning("%s", warning)
    return settings_of(loaded.config)


def settings_of(config: Config) -> RuntimeSettings:
    """What a runtime needs of a configuration.

    Raises:
        ConfigError: it asks for what this version can not do.
    """
    if config.system.base != "inprocess":
        message = f"system.base = {quoted(config.system.base)} can not be run by this version"
        raise ConfigError([Diagnostic(message, key_path="system.base", hint='write base = "inprocess"')])
    directory = config.definitions.directory
    crawler = config.workers.get("crawler_url")
    return RuntimeSettings(
        store=FilePath(config.store.path).expanduser(),
        synchronous=config.store.synchronous,
        busy_timeout_seconds=config.store.busy_timeout_seconds,
        lease_seconds=config.store.lease_seconds,
        max_lost=config.store.max_lost,
        io_threads=config.dispatchers.io.threads,
        grace_seconds=config.system.grace_seconds,
        restart_intensity=RestartIntensity(
            config.supervision.max_restarts, config.supervision.period_seconds
        ),
        retention=Retention(
            config.retention.completed_days, config.retention.failed_days, config.retention.events_days
        ),
        worker_options={
            name: options for name, worker in config.workers.items() if (options := worker.options())
        },
        worker_modules=config.modules.workers,
        manager_modules=config.modules.managers,
        definitions_directory=FilePath(directory).expanduser() if directory else None,
        allow_private_addresses=crawler is not None and crawler.allow_private_addresses is True,
    )


def is_config(table: Mapping[str, Any]) -> bool:
    """Whether a parsed file is a configuration rather than a job definition."""
    return not table.keys() & {"id", "step", "steps", "start_urls"} and bool(
        table.keys() & SECTIONS or not table
    )


def config_schema() -> dict[str, Any]:
    """The JSON schema of ``quaero.toml``."""
    schema = msgspec.json.schema(Config)
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": "quaero.toml", **schema}


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


def _diagnostic(origin: Origin, path: Path, message: str, *, hint: str, value: str | None) -> Diagnostic:
    if origin.line is None and " = " in hint:
        wanted = hint.partition(" = ")[2]
        hint = f"set {origin.variable}={wanted}" if origin.variable else f"say {wanted}"
    return Diagnostic(message, origin.file, origin.line, path_text(path), value, hint)


def _warning(layers: list[Layer], path: Path, message: str, hint: str) -> Diagnostic:
    origin = origin_of(layers, path)
    return Diagnostic(message, origin.file, origin.line, path_text(path), None, hint, Severity.WARNING)
