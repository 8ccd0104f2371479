"""Restart intensity: when a supervisor stops restarting and gives up. Pure.

Intensities multiply across levels: a runtime that allows 5 restarts of each of 3 nested supervisors restarts up to
125 times (https://www.erlang.org/doc/system/sup_princ.html).
"""

import msgspec


class RestartIntensity(msgspec.Struct, frozen=True):
    """At most ``max_restarts`` restarts within ``period_seconds``."""

    max_restarts: int = 5
    period_seconds: float = 10.0


def add_restart(
    restarts: tuple[float, ...], now: float, intensity: RestartIntensity
) -> tuple[tuple[float, ...], bool]:
    """Record a restart at the monotonic time ``now``.

    Returns:
        The restarts that still count, and whether they are too many.
    """
    kept = (*(time for time in restarts if now - time < intensity.period_seconds), now)
    return kept, len(kept) > intensity.max_restarts
