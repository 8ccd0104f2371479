"""``database_maintenance_operation``: does one operation to the whole store, and tells its size before and after.

Every operation may be broken off anywhere and done again: SQLite takes back what was not finished, and a backup has its
name only when it is whole.
"""

import msgspec

from actors.upkeep import BackupExistsError, Operation, StoreSize, StoreUpkeep, UpkeepError
from actors.worker.context import JobContext
from actors.worker.decorator import worker
from actors.worker.errors import PermanentError, RetryableError

WORKER_TYPE = "database_maintenance_operation"
SHOWN_DAMAGES = 20
"""Damages named in the job's error; all of them are in its log."""


class MaintenanceTask(msgspec.Struct, frozen=True, omit_defaults=True):
    """One operation. ``backup_path`` is as in the step's configuration."""

    operation: Operation
    backup_path: str = ""


class Maintained(msgspec.Struct, frozen=True, omit_defaults=True):
    """What was done. ``parts`` is how many tables or indexes it was done to, one after the other."""

    operation: Operation
    before: StoreSize
    after: StoreSize
    seconds: float
    parts: int = 1
    backup: str = ""  # the file
    backup_bytes: int = 0
    notes: tuple[str, ...] = ()


@worker(WORKER_TYPE, slots=1, max_attempts=5, backoff_seconds=1.0, stop_grace_seconds=30.0, spawns=False)
def database_maintenance_operation(payload: MaintenanceTask, context: JobContext) -> Maintained:
    """Do the operation."""
    upkeep: StoreUpkeep = context.resource("upkeep")
    started = context.clock.monotonic()
    try:
        before = upkeep.size()
        done = _carry_out(payload, upkeep, context)
        after = upkeep.size()
    except UpkeepError as error:
        raise RetryableError(f"{payload.operation}: {error}") from error
    except BackupExistsError as error:
        raise PermanentError(f"{payload.operation}: {error}") from error
    seconds = round(context.clock.monotonic() - started, 3)
    context.info(
        f"{payload.operation} took {seconds:g} s; {before.file_bytes} bytes before, {after.file_bytes} after"
    )
    return msgspec.structs.replace(done, before=before, after=after, seconds=seconds)


def _carry_out(task: MaintenanceTask, upkeep: StoreUpkeep, context: JobContext) -> Maintained:
    nothing = StoreSize(0, 0, 0, 0, 0)
    done = Maintained(task.operation, nothing, nothing, 0.0)
    if task.operation is Operation.BACKUP:
        file, size = upkeep.back_up(task.backup_path, context.job.id)
        context.info(f"the copy is {file}")
        return msgspec.structs.replace(done, backup=file, backup_bytes=size)
    if task.operation is Operation.INTEGRITY_CHECK:
        damages = upkeep.find_damage()
        for each in damages:
            context.error(each)
        if damages:
            more = f"; and {len(damages) - SHOWN_DAMAGES} more" if len(damages) > SHOWN_DAMAGES else ""
            raise PermanentError(f"the store is damaged: {'; '.join(damages[:SHOWN_DAMAGES])}{more}")
        return done
    parts = upkeep.parts(task.operation)
    notes = []
    for part in parts:
        context.raise_if_cancelled()
        if note := upkeep.maintain(task.operation, part):
            notes.append(note)
            context.info(note)
    return msgspec.structs.replace(done, parts=len(parts), notes=tuple(notes))
