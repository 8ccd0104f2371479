"""The settings of a runtime's workers and managers, each as the type its code declares."""

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

import msgspec

from actors.agent import AgentTypes
from actors.manager import JobManager
from actors.settings import Settings, fields_of
from actors.worker import JobWorker
from runtime.settings import RuntimeSettings

if TYPE_CHECKING:
    from runtime.toml.diagnostic import Diagnostic


def own_settings(
    given: RuntimeSettings,
    workers: Mapping[str, JobWorker],
    managers: Mapping[str, type[JobManager]],
    agents: AgentTypes,
) -> "tuple[Settings, tuple[Diagnostic, ...]]":
    """The settings, and what the author of the configuration should know.

    Raises:
        ConfigError: a setting is wrong or missing.
        TypeError: settings given in code are of another type, or a type can not be one of settings.
    """
    of_workers, about_workers = _of_section(
        "workers",
        {name: each.settings_type for name, each in workers.items()},
        given.worker_settings,
    )
    of_managers, about_managers = _of_section(
        "managers",
        {name: each.settings_type for name, each in managers.items()},
        given.manager_settings,
    )
    return Settings(of_workers, of_managers, agents), (*about_workers, *about_managers)


def _of_section(
    section: str, types: Mapping[str, type[msgspec.Struct]], given: Mapping[str, Any]
) -> "tuple[dict[str, msgspec.Struct], Iterable[Diagnostic]]":
    if not given and not any(_must_be_given(each) for each in types.values()):
        return {name: each() for name, each in types.items()}, ()  # the usual case loads nothing more
    from runtime.config.own import typed_settings

    judged = typed_settings(section, types, given)
    return judged.values, judged.warnings


def _must_be_given(settings_type: type[msgspec.Struct]) -> bool:
    return any(field.required for field in fields_of(settings_type))
