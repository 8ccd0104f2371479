"""Which manager carries out which action in this runtime."""

from collections.abc import Iterable, Iterator, Mapping
from inspect import isabstract
from typing import Any

import msgspec

from actors.job import JobDefinition, Step
from actors.manager.contract import JobManager
from actors.settings import Settings, check_settings_type

NAMING_DISPATCHERS = ("io", "core")
"""Where ``create_children``, a plain method, can run."""


class DuplicateManagerError(ValueError):
    """Two managers have one action."""


class ManagerRegistry(Mapping[str, type[JobManager]]):
    """The manager classes of one runtime by action; fixed once made.

    ``settings`` are the runtime's, None where there is none.
    """

    def __init__(self, managers: Iterable[type[JobManager]] = (), settings: Settings | None = None) -> None:
        self.settings = settings
        self._managers: dict[str, type[JobManager]] = {}
        for each in managers:
            _check(each)
            first = self._managers.setdefault(each.manager_type, each)
            if first is not each:
                raise DuplicateManagerError(
                    f"two managers carry out {each.manager_type!r}: {_named(first)} and {_named(each)}; rename one"
                )
            check_settings_type(f"manager {each.manager_type!r}", each.settings_type)
            msgspec.json.Decoder(each.config_type)  # before several threads decode to it, see prepare_types

    def __repr__(self) -> str:
        return f"<ManagerRegistry({sorted(self._managers)})>"

    def __getitem__(self, action: str) -> type[JobManager]:
        return self._managers[action]

    def __iter__(self) -> Iterator[str]:
        return iter(self._managers)

    def __len__(self) -> int:
        return len(self._managers)


def _check(manager: object) -> None:
    """See that it is a manager, whole, on a dispatcher that can run it: else its steps would all fail."""
    if not (isinstance(manager, type) and issubclass(manager, JobManager)):
        hint = (
            "give the class itself" if isinstance(manager, JobManager) else "write a subclass of JobManager"
        )
        raise TypeError(f"{manager!r} is not a manager: {hint}")
    said: dict[str, Any] = {
        name: getattr(manager, name, None)
        for name in ("manager_type", "config_type", "child_types", "dispatcher")
    }
    action, config_type = said["manager_type"], said["config_type"]
    for name in ("manager_type", "config_type"):
        if said[name] is None:
            raise TypeError(f"manager {_named(manager)} has no {name}: set it in the class")
    if not isinstance(action, str) or not action:
        raise TypeError(
            f"manager {_named(manager)}: manager_type must be the name of an action, got {action!r}"
        )
    if not (isinstance(config_type, type) and issubclass(config_type, msgspec.Struct)):
        raise TypeError(f"manager {action!r}: config_type must be a msgspec.Struct, got {config_type!r}")
    if isabstract(manager):
        raise TypeError(f"manager {action!r} ({_named(manager)}) has no create_children: write it")
    if isinstance(said["child_types"], str):
        raise TypeError(f"manager {action!r}: child_types is a tuple: write ({said['child_types']!r},)")
    if said["dispatcher"] not in NAMING_DISPATCHERS:
        known = ", ".join(map(repr, NAMING_DISPATCHERS))
        raise ValueError(f"manager {action!r} has dispatcher {said['dispatcher']!r}; there are {known}")


def _named(manager: type[JobManager]) -> str:
    return f"{manager.__module__}.{manager.__qualname__}"


def unmet(managers: Mapping[str, type[JobManager]], step: Step) -> list[tuple[str, str]]:
    """What the step needs and the settings of these managers' runtime do not give: see ``JobManager.unmet``.

    A step that is not enabled needs nothing.
    """
    settings = managers.settings if isinstance(managers, ManagerRegistry) else None
    return managers[step.action].unmet(step, settings) if settings is not None and step.enabled else []


def missing(
    managers: Mapping[str, type[JobManager]], step: Step, definition: JobDefinition
) -> list[tuple[str, str]]:
    """What the step lacks before it can run: see ``JobManager.missing``. One that is not enabled lacks nothing."""
    return managers[step.action].missing(step, definition) if step.enabled else []
