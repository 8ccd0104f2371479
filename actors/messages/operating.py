"""What an operator asks of the store about runs, steps, jobs, types, schedules and auth records, and the answers."""

import msgspec

from actors.job import JobDefinition, JobState
from actors.messages.kinds import Command, Report
from actors.messages.to_store import Submit


class CancelJob(Command, frozen=True):
    """Cancel a run, a step or a job with all below it. Answered by ``CancelAcknowledged`` once durable."""

    job_id: int
    reason: str = ""


class PauseJob(Command, frozen=True):
    """Lease nothing new of a run, a step or a job. Answered by ``PauseAcknowledged`` once durable, or ``Refused``."""

    job_id: int


class ResumeJob(Command, frozen=True):
    """Take the pause of a run, a step or a job back. Answered as ``PauseJob``."""

    job_id: int


class RetryJob(Command, frozen=True):
    """Open what failed or was cancelled of an ended run, or of a step or job of one, again, in a new epoch.

    With ``failed_only`` what was cancelled stays so. Answered by ``RetryAcknowledged`` once durable, or ``Refused``.
    """

    job_id: int
    failed_only: bool = False


class CopyProgress(msgspec.Struct, frozen=True):
    """How far the children of a fan-out are copied for a new run."""

    step_ids: tuple[int, ...]  # of the new run
    after: int = 0  # the last job that was copied
    staged: int = 0  # the page that it was in, if it was not named yet
    pages: int = 0  # of the new run


class RerunJob(Command, frozen=True):
    """Make a new run of that id of what a run, a step or a job was asked to do.

    Answered by ``Submitted`` once durable, by ``RerunGoesOn`` while there is more to be copied, by ``KeyTaken`` if its
    key is another request's, or ``Refused``.
    """

    job_id: int
    run_id: int
    progress: CopyProgress | None = None  # as the last answer said
    submit_key: str | None = None
    fingerprint: str | None = None  # as of ``Submit``


class PauseType(Command, frozen=True):
    """Lease no job of this worker type, in any runtime on the store. Answered by ``TypePauseAcknowledged``."""

    type: str


class ResumeType(Command, frozen=True):
    """Take the pause of a worker type back. Answered as ``PauseType``."""

    type: str


class DeleteJob(Command, frozen=True):
    """Delete an ended run, or a step or job of one, with all below it.

    Answered by ``DeleteAcknowledged`` once durable, or ``Refused``.
    """

    job_id: int


class ScheduleRuns(Command, frozen=True):
    """Submit the first definition whenever its schedule fires; in place of an older schedule of the same id.

    Answered by ``ScheduleAcknowledged`` once durable, or ``Refused``.
    """

    definitions: tuple[JobDefinition, ...]  # after the first one, all that run before or after it
    origin: str = (
        ""  # the directory of definitions it was read from; "" = a service or a command asked for it
    )


class Unschedule(Command, frozen=True):
    """Forget the schedule of a definition. Answered by ``ScheduleAcknowledged``."""

    id: str


class PauseSchedule(Command, frozen=True):
    """Let a schedule not fire, also when it is set anew. Answered by ``ScheduleAcknowledged``, or ``Refused``."""

    id: str


class ResumeSchedule(Command, frozen=True):
    """Let a schedule fire again, from its next time on. Answered by ``ScheduleAcknowledged``, or ``Refused``."""

    id: str


class SaveAuthRecord(Command, frozen=True):
    """Keep an auth record, in place of an older one of its id. Answered by ``AuthRecordAcknowledged`` once durable."""

    id: str
    site: str
    sealed: bytes  # no actor can open it


class RemoveAuthRecord(Command, frozen=True):
    """Forget an auth record. Answered by ``AuthRecordAcknowledged`` once durable."""

    id: str


class AdoptDefinitions(Command, frozen=True):
    """What a runtime that starts has in its definitions: set these schedules and start these runs, in one commit.

    Schedules of the same directory that are none of these are forgotten; a run is started unless its definition has one
    that has not ended. Answered by ``Adopted`` once durable, or ``Refused``.
    """

    directory: str
    schedules: tuple[ScheduleRuns, ...] = ()
    starts: tuple[Submit, ...] = ()


class CancelAcknowledged(Report, frozen=True):
    """Durable: from this commit on nothing below the job is leased. ``changed`` is False if it had ended before."""

    job_id: int
    changed: bool
    state: JobState


class PauseAcknowledged(Report, frozen=True):
    """Durable: the job is paused, or resumed. ``changed`` is False if it was so before, or takes no more work anyway.

    ``held`` tells that it waits although it was resumed: what is above it is paused.
    """

    job_id: int
    changed: bool
    state: JobState
    held: bool = False


class RetryAcknowledged(Report, frozen=True):
    """Durable: so many jobs wait again; steps whose children were never named are named besides."""

    job_id: int
    run_id: int
    jobs: int
    state: JobState  # of what was retried


class RerunGoesOn(Report, frozen=True):
    """Some of the children are copied: ask again with this."""

    progress: CopyProgress


class TypePauseAcknowledged(Report, frozen=True):
    """Durable: the worker type is paused, or resumed. ``changed`` is False if it was so before."""

    type: str
    changed: bool


class DeleteAcknowledged(Report, frozen=True):
    """Durable: from this commit on nobody sees it. So many jobs go with it."""

    job_id: int
    jobs: int


class ScheduleAcknowledged(Report, frozen=True):
    """A schedule as it is now. ``changed`` is False when it was so before."""

    id: str
    changed: bool
    next_at_ms: int | None = None  # None = it was forgotten
    paused: bool = False
    origin: str = ""  # as it is, or as it was


class AuthRecordAcknowledged(Report, frozen=True):
    """Durable. ``changed`` says whether there was a record of that id before."""

    id: str
    changed: bool


class Adopted(Report, frozen=True):
    """What became of a runtime's definitions; ids of definitions, and the runs that were started."""

    scheduled: tuple[str, ...]  # whose schedule is new or has changed
    forgotten: tuple[str, ...]
    started: tuple[int, ...]
