"""How long a failed attempt waits before the next one: exponential, capped, with jitter. Pure."""

from actors.seams import Random
from actors.worker.contract import WorkerOptions


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
    # The exponent is bounded so that a float can not overflow; the limit is reached long before.
    wait = min(first * options.backoff_multiplier ** min(attempt - 1, 64), limit)
    wait -= wait * options.jitter * random.random()
    return max(round(wait), round((asked_seconds or 0.0) * 1000))
