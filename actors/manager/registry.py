"""Which manager carries out which action in this runtime."""

from collections.abc import Iterable, Iterator, Mapping

import msgspec

from actors.manager.contract import JobManager


class DuplicateManagerError(ValueError):
    """Two managers have one action."""


class ManagerRegistry(Mapping[str, type[JobManager]]):
    """The manager classes of one runtime by action; fixed once made."""

    def __init__(self, managers: Iterable[type[JobManager]] = ()) -> None:
        self._managers: dict[str, type[JobManager]] = {}
        for each in managers:
            if self._managers.setdefault(each.manager_type, each) is not each:
                raise DuplicateManagerError(f"two managers carry out {each.manager_type!r}: rename one")
            msgspec.json.Decoder(each.config_type)  # before several threads decode to it, see prepare_types

    def __repr__(self) -> str:
        return f"<ManagerRegistry({sorted(self._managers)})>"

    def __getitem__(self, action: str) -> type[JobManager]:
        return self._managers[action]

    def __iter__(self) -> Iterator[str]:
        return iter(self._managers)

    def __len__(self) -> int:
        return len(self._managers)
