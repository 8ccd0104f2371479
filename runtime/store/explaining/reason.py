"""The answer to "why does it not move": reasons with a code for programs and a sentence for people."""

from enum import StrEnum

import msgspec


class ReasonCode(StrEnum):
    """Why something does not move. The names are part of the API."""

    ENDED = "ended"
    LEASED = "leased"  # an attempt is under way
    CLOSING = "closing"  # takes no more work: cancel, timeout, tolerance, a failed step
    PAUSED = "paused"
    NOT_BEFORE = "not_before"  # a delay, a snooze or a backoff
    WAITING_FOR_STEP = "waiting_for_step"
    WAITING_FOR_RUN = "waiting_for_run"  # a pre-job, or the run that this one is a post-job of
    NAMING = "naming"  # a manager is naming children
    NAMING_BACKOFF = "naming_backoff"  # it failed to, and is asked again later
    NO_RUNTIME = "no_runtime"
    NO_WORKER = "no_worker"
    NO_MANAGER = "no_manager"
    HELD_BACK = "held_back"  # too many bodies of the type do not end
    CONCURRENCY = "concurrency"  # of the step
    RATE = "rate"
    LEVEL = "level"  # shallower jobs of the step are not done
    SLOTS_FULL = "slots_full"
    STORE_UNAVAILABLE = "store_unavailable"  # nothing can be committed
    READY = "ready"  # nothing holds it


class Reason(msgspec.Struct, frozen=True, omit_defaults=True):
    """One reason.

    ``jobs`` is how many of the explained parent's jobs it is about; 0 = the explained thing itself.
    """

    code: ReasonCode
    text: str
    hint: str = ""  # what to do, if anything can be done
    jobs: int = 0
    step: str = ""  # of a run: the name of the step it is about
    until_ms: int | None = None  # Unix ms, where a time ends it


class Explanation(msgspec.Struct, frozen=True):
    """Why a run, a step or a job does not move: every reason that holds now, the weightiest first."""

    id: str
    kind: str
    type: str
    name: str
    state: str
    reasons: tuple[Reason, ...]


def seconds_text(milliseconds: int) -> str:
    """A wait in words: "0.4 s", "12 s", "3 min 20 s", "2 h 5 min"."""
    seconds = max(milliseconds, 0) / 1000
    if seconds < 10:
        return f"{seconds:.1f} s"
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    return (
        f"{whole // 60} min {whole % 60} s" if whole < 3600 else f"{whole // 3600} h {whole % 3600 // 60} min"
    )


def counted(number: int, what: str) -> str:
    """In words: "1 job", "3 jobs"."""
    return f"{number} {what}" if number == 1 else f"{number} {what}s"
