"""How long a failed attempt waits before the next one: exponential, capped, with jitter. Pure."""

import msgspec

from actors.job import OnError, Step
from actors.seams import Random
from actors.worker.contract import WorkerOptions

MAX_ASKED_SECONDS = 366 * 86_400.0
"""The longest wait that another side's ``Retry-After`` is granted."""


def options_in(step: Step, options: WorkerOptions) -> WorkerOptions:
    """The worker type's options as they hold within a step: with ``on_error = "retry"`` its own waits go first."""
    if step.on_error is not OnError.RETRY:
        return options
    own = {
        "backoff_seconds": step.initial_backoff_seconds,
        "max_backoff_seconds": step.max_backoff_seconds,
        "backoff_multiplier": step.backoff_multiplier,
    }
    said = {name: value for name, value in own.items() if value}
    return msgspec.structs.replace(options, **said) if said else options


def backoff_ms(
    attempt: int,
    options: WorkerOptions,
    random: Random,
    *,
    first_ms: int = 0,
    asked_seconds: float | None = None,
) -> int:
    """Milliseconds to wait after the failed ``attempt`` (1 = the first).

    Args:
        attempt: which attempt failed.
        options: the worker type's.
        random: draws the jitter.
        first_ms: the job's own first backoff, instead of the type's.
        asked_seconds: what the other side asked for (``Retry-After``); never less than this is waited.
    """
    first = first_ms or options.backoff_seconds * 1000
    limit = options.max_backoff_seconds * 1000
    try:
        wait = min(first * options.backoff_multiplier ** (attempt - 1), limit)
    except OverflowError:  # more than a float holds is more than any limit
        wait = limit
    wait -= wait * options.jitter * random.random()
    return max(round(wait), _asked_ms(asked_seconds))


def _asked_ms(seconds: float | None) -> int:
    """What a body asks for may be anything, as it comes from outside: NaN and the past are nothing."""
    if seconds is None or not seconds > 0:
        return 0
    return round(min(seconds, MAX_ASKED_SECONDS) * 1000)
