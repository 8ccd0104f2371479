"""Exit codes of ``quaero``."""

from enum import IntEnum

from actors.job import JobState


class ExitCode(IntEnum):
    """What the shell learns."""

    DONE = 0
    FAILED = 1  # the run failed or was cancelled, or the machine did not do its part
    BAD_INPUT = 2  # a file, an id, an option or a store that can not be used; nothing was changed
    WITH_FAILURES = 3  # the run completed, some of its jobs failed
    INTERRUPTED = 130  # a signal ended ``run`` before its run had ended


_BY_STATE = {
    JobState.COMPLETED: ExitCode.DONE,
    JobState.COMPLETED_WITH_FAILURES: ExitCode.WITH_FAILURES,
    JobState.FAILED: ExitCode.FAILED,
    JobState.CANCELLED: ExitCode.FAILED,
}


def exit_code_of(state: JobState) -> ExitCode:
    """The exit code of ``run`` for its run's last state; one that has not ended was interrupted."""
    return _BY_STATE.get(state, ExitCode.INTERRUPTED)
