"""How long a caller waits, as it was given."""

import math
import threading
from typing import Any


def time_limit(timeout_seconds: Any) -> float | None:
    """Seconds that a thread or a loop can wait; None = without a limit, as is what is longer than any clock runs.

    Raises:
        TypeError: it is no number of seconds.
    """
    if timeout_seconds is None:
        return None
    number = isinstance(timeout_seconds, int | float)
    if number and timeout_seconds > threading.TIMEOUT_MAX:
        return None
    if not number or math.isnan(timeout_seconds):
        raise TypeError(
            f"timeout_seconds is a number of seconds, or None for no limit, and not {timeout_seconds!r:.40}"
        )
    return float(max(timeout_seconds, 0))
