"""Workers, managers and agent types of one's own that ``[modules]`` of ``quaero.toml`` names as "module:name"."""

from importlib import import_module
from typing import Any

from actors.agent.contract import AgentType
from actors.manager import JobManager
from actors.worker import JobWorker


class ModuleNameError(ValueError):
    """What ``[modules]`` names can not be imported or is not what it should be."""


def import_worker(text: str) -> JobWorker:
    """The worker that "module:name" names.

    Raises:
        ModuleNameError: there is none.
    """
    found = _import(text)
    if not isinstance(found, JobWorker):
        raise ModuleNameError(
            f"modules.workers: {text!r} is {found!r}, not a worker; decorate it with @worker(...)"
        )
    return found


def import_manager(text: str) -> type[JobManager]:
    """The manager class that "module:name" names.

    Raises:
        ModuleNameError: there is none.
    """
    found = _import(text)
    if not (isinstance(found, type) and issubclass(found, JobManager)):
        raise ModuleNameError(f"modules.managers: {text!r} is {found!r}, not a subclass of JobManager")
    return found


def import_agent(text: str) -> AgentType:
    """The agent type that "module:name" names.

    Raises:
        ModuleNameError: there is none.
    """
    found = _import(text)
    if not isinstance(found, AgentType):
        raise ModuleNameError(
            f"modules.agents: {text!r} is {found!r}, not an agent type; decorate it with @agent_type(...)"
        )
    return found


def _import(text: str) -> Any:
    module, _, name = text.partition(":")
    try:
        return getattr(import_module(module), name)
    except ImportError as error:
        raise ModuleNameError(
            f"{text!r} can not be imported: {error}; is its directory on PYTHONPATH?"
        ) from error
    except AttributeError as error:
        raise ModuleNameError(f"module {module!r} has no {name!r}") from error
