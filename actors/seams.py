"""The only way to time and chance: every actor, store and engine is handed a ``Clock`` and a ``Random``.

No other file of the project imports ``time`` or ``random``. A ``ManualClock`` stands still until it is advanced, a
``SeededRandom`` repeats itself: with both, a run of the whole runtime can be repeated exactly.
"""

import random
import time
from collections.abc import Callable
from pathlib import Path
from threading import Lock
from typing import Protocol, runtime_checkable


class Clock(Protocol):
    """What time it is, in the four ways the runtime needs to know it."""

    def wall_ms(self) -> int:
        """Unix time in milliseconds; may jump."""
        ...

    def monotonic(self) -> float:
        """Seconds that never go back, for timers; they may stand still while the machine sleeps."""
        ...

    def boottime_ms(self) -> int:
        """Milliseconds since the machine booted, sleep included; shared by all processes of a boot."""
        ...

    def boot_id(self) -> str:
        """Names this boot: ``boottime_ms`` values of different boots can not be compared."""
        ...


@runtime_checkable
class SteppableClock(Protocol):
    """A clock that somebody moves by hand and that tells when it was moved."""

    def subscribe(self, moved: Callable[[], None]) -> Callable[[], None]:
        """Call ``moved`` after every move, until the function returned here is called."""
        ...


class SystemClock:
    """The machine's clocks."""

    # Bound as they are, so that a call costs no Python frame: the engine asks twice a turn.
    monotonic = staticmethod(time.monotonic)

    def wall_ms(self) -> int:
        """Unix time in milliseconds."""
        return time.time_ns() // 1_000_000

    def boottime_ms(self) -> int:
        """CLOCK_BOOTTIME in milliseconds."""
        return time.clock_gettime_ns(time.CLOCK_BOOTTIME) // 1_000_000

    def boot_id(self) -> str:
        """The kernel's id of this boot."""
        return Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()


class ManualClock:
    """Stands still until it is advanced; safe for use from several threads."""

    def __init__(
        self, *, wall_ms: int = 1_767_225_600_000, boottime_ms: int = 0, boot_id: str = "manual"
    ) -> None:
        self._wall_ms = wall_ms
        self._boottime_ms = boottime_ms
        self._boot_id = boot_id
        self._seconds = 0.0
        self._lock = Lock()
        self._subscribers: list[Callable[[], None]] = []

    def __repr__(self) -> str:
        return f"<ManualClock(monotonic={self._seconds:g}, wall_ms={self.wall_ms()})>"

    def wall_ms(self) -> int:
        """Unix time in milliseconds."""
        return self._wall_ms + int(self._seconds * 1000)

    def monotonic(self) -> float:
        """Seconds this clock was advanced by."""
        return self._seconds

    def boottime_ms(self) -> int:
        """Milliseconds since the pretended boot."""
        return self._boottime_ms + int(self._seconds * 1000)

    def boot_id(self) -> str:
        """The pretended boot."""
        return self._boot_id

    def advance(self, seconds: float = 0.0, *, minutes: float = 0.0) -> None:
        """Move forward; timers that come due by it fire.

        Raises:
            ValueError: the time is negative; a monotonic clock never goes back.
        """
        step = seconds + 60.0 * minutes
        if step < 0:
            raise ValueError(f"a clock advances by 0 seconds or more, got {step:g}; see set_wall_ms")
        with self._lock:
            self._seconds += step
            subscribers = tuple(self._subscribers)
        for moved in subscribers:
            moved()

    def set_wall_ms(self, wall_ms: int) -> None:
        """Let the wall clock jump, forwards or backwards; the other clocks go on as before."""
        with self._lock:
            self._wall_ms = wall_ms - int(self._seconds * 1000)

    def reboot(self, boot_id: str) -> None:
        """Pretend that the machine booted just now."""
        with self._lock:
            self._boottime_ms, self._boot_id = -int(self._seconds * 1000), boot_id

    def subscribe(self, moved: Callable[[], None]) -> Callable[[], None]:
        """Call ``moved`` after every ``advance``, until the function returned here is called."""
        with self._lock:
            self._subscribers.append(moved)

        def unsubscribe() -> None:
            with self._lock:
                if moved in self._subscribers:
                    self._subscribers.remove(moved)

        return unsubscribe


class Random(Protocol):
    """Chance."""

    def random(self) -> float:
        """At least 0.0 and less than 1.0."""
        ...

    def uniform(self, a: float, b: float) -> float:
        """Between ``a`` and ``b``."""
        ...

    def bits(self, n: int) -> int:
        """An integer of ``n`` random bits."""
        ...


class SystemRandom:
    """The operating system's chance: good for ids and tokens."""

    def __init__(self) -> None:
        self._source = random.SystemRandom()

    def random(self) -> float:
        """At least 0.0 and less than 1.0."""
        return self._source.random()

    def uniform(self, a: float, b: float) -> float:
        """Between ``a`` and ``b``."""
        return self._source.uniform(a, b)

    def bits(self, n: int) -> int:
        """An integer of ``n`` random bits."""
        return self._source.getrandbits(n)


class SeededRandom:
    """Chance that repeats itself: the same seed gives the same numbers."""

    def __init__(self, seed: int) -> None:
        self.seed = seed
        self._source = random.Random(seed)  # noqa: S311 (meant to be repeated, not to be secret)

    def __repr__(self) -> str:
        return f"<SeededRandom(seed={self.seed})>"

    def random(self) -> float:
        """At least 0.0 and less than 1.0."""
        return self._source.random()

    def uniform(self, a: float, b: float) -> float:
        """Between ``a`` and ``b``."""
        return self._source.uniform(a, b)

    def bits(self, n: int) -> int:
        """An integer of ``n`` random bits."""
        return self._source.getrandbits(n)
