"""Which manager carries out which action in this runtime."""

from collections.abc import Iterable, Iterator, Mapping

import msgspec

from actors.job import Step
from actors.manager.contract import JobManager
from actors.settings import Settings, check_settings_type


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
            if self._managers.setdefault(each.manager_type, each) is not each:
                raise DuplicateManagerError(f"two managers carry out {each.manager_type!r}: rename one")
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


def unmet(managers: Mapping[str, type[JobManager]], step: Step) -> list[tuple[str, str]]:
    """What the step needs and the settings of these managers' runtime do not give: see ``JobManager.unmet``."""
    settings = managers.settings if isinstance(managers, ManagerRegistry) else None
    return managers[step.action].unmet(step, settings) if settings is not None else []
