"""``database_maintenance``: one child for each operation, one after the other in the order in which they are named."""

from collections.abc import Iterator

import msgspec

from actors.job import Page, Step, StepStart
from actors.manager.contract import JobManager
from actors.upkeep import Operation
from actors.worker.database_maintenance import WORKER_TYPE, MaintenanceTask
from actors.worker.errors import PermanentError

DEFAULT_OPERATIONS = (Operation.VACUUM, Operation.ANALYZE, Operation.REINDEX)


class MaintenanceConfig(msgspec.Struct, frozen=True, omit_defaults=True):
    """What is done to the store, and where a backup goes."""

    operations: tuple[Operation, ...] = ()
    """What to do, in this order: vacuum, analyze, reindex, optimize, integrity_check, backup, checkpoint; none named =
    vacuum, analyze, reindex."""
    backup_path: str = ""
    """Where a backup goes: a file that is not there yet, or a directory, which gets one named by the time; empty = the
    directory ``<store>.backups``. A relative path begins at the store's directory."""


class DatabaseMaintenanceManager(JobManager):
    """Names the operations."""

    manager_type = "database_maintenance"
    config_type = MaintenanceConfig
    child_types = (WORKER_TYPE,)
    dispatcher = "core"

    def create_children(self, step: StepStart, cursor: str | None) -> Page:
        """All operations, of which one is done at a time.

        Raises:
            PermanentError: the configuration is wrong.
        """
        try:
            config = msgspec.convert(step.step.config, MaintenanceConfig)
        except msgspec.ValidationError as error:
            raise PermanentError(f"step {step.step.name!r}: {error}") from error
        children = [
            self.child(
                WORKER_TYPE,
                MaintenanceTask(each, config.backup_path if each is Operation.BACKUP else ""),
                name=each.value,
                unique_key=each.value,
            )
            for each in config.operations or DEFAULT_OPERATIONS
        ]
        return Page(tuple(children), concurrency=1)

    @classmethod
    def problems(cls, step: Step) -> list[tuple[str, str]]:
        """What is wrong beyond types: an operation named twice, a path that can be none."""
        return list(_problems(msgspec.convert(step.config, MaintenanceConfig)))


def _problems(config: MaintenanceConfig) -> Iterator[tuple[str, str]]:
    for index, each in enumerate(config.operations):
        if each in config.operations[:index]:
            yield f"operations[{index}]", f"{each.value!r} is named twice: once is enough"
    if "\0" in config.backup_path:
        yield "backup_path", "must be a path, which has no NUL"
    if config.backup_path and Operation.BACKUP not in config.operations:
        yield (
            "backup_path",
            'has an effect only with "backup" among the operations: add it, or take the path out',
        )
