"""Workers, managers and agent types of the user's own, imported as ``[modules]`` of ``quaero.toml`` names them.

A module is looked for beside the configuration file first. Whatever its code raises is one message, no traceback.
"""

import importlib
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from actors.agent.contract import AgentType
from actors.manager import JobManager
from actors.worker import JobWorker
from runtime.cli.failures import CommandError
from runtime.config import Config
from runtime.definitions.findings import did_you_mean

T = TypeVar("T")


class OwnModules(msgspec.Struct, frozen=True):
    """What the user's modules add to what comes with the runtime."""

    workers: tuple[JobWorker, ...] = ()
    managers: tuple[type[JobManager], ...] = ()
    agents: tuple[AgentType, ...] = ()


def import_modules(config: Config, file: Path | None) -> OwnModules:
    """Import what ``[modules]`` names.

    Args:
        config: the configuration.
        file: its file, for messages and for where modules are; None = the current directory.

    Raises:
        CommandError: a module can not be imported, or what it has under the name is no worker or manager.
    """
    if not (config.modules.workers or config.modules.managers or config.modules.agents):
        return OwnModules()
    directory = str((file.parent if file is not None else Path()).resolve())
    if directory not in sys.path:
        sys.path.insert(0, directory)
    shown = str(file) if file is not None else ""
    return OwnModules(
        workers=_imported("workers", config.modules.workers, _as_worker, shown),
        managers=_imported("managers", config.modules.managers, _as_manager, shown),
        agents=_imported("agents", config.modules.agents, _as_agent, shown),
    )


def _imported(key: str, names: tuple[str, ...], fit: Callable[[str, Any], T], file: str) -> tuple[T, ...]:
    found = []
    for position, name in enumerate(names):
        try:
            found.append(fit(name, _attribute(name)))
        except CommandError as error:
            path = f"modules.{key}[{position}]"
            raise CommandError(f"{path}: {error.message}", hint=error.hint, file=file, path=path) from error
    return tuple(found)


def _attribute(name: str) -> Any:
    module_name, _, attribute = name.partition(":")
    try:
        module = importlib.import_module(module_name)
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # whatever it raises, it is the module's
        raise CommandError(
            f"module {module_name!r} can not be imported: {type(error).__name__}: {error}",
            hint=f"see that `python -c 'import {module_name}'` works in the configuration's directory",
        ) from error
    try:
        return getattr(module, attribute)
    except AttributeError as error:
        public = [name for name in vars(module) if not name.startswith("_")]
        raise CommandError(
            f"module {module_name!r} has no {attribute!r}",
            hint=did_you_mean(attribute, public, "write it as module:name"),
        ) from error


def _as_worker(name: str, value: Any) -> JobWorker:
    if isinstance(value, JobWorker):
        return value
    raise CommandError(
        f"{name!r} is a {type(value).__name__}, not a worker", hint="decorate the function with @worker(...)"
    )


def _as_manager(name: str, value: Any) -> type[JobManager]:
    if isinstance(value, type) and issubclass(value, JobManager):
        return value
    raise CommandError(
        f"{name!r} is a {type(value).__name__}, not a manager", hint="name a subclass of JobManager"
    )


def _as_agent(name: str, value: Any) -> AgentType:
    if isinstance(value, AgentType):
        return value
    raise CommandError(
        f"{name!r} is a {type(value).__name__}, not an agent type",
        hint="decorate the function with @agent_type(...)",
    )
