"""How fast a step goes and how long it will take, from what had ended when. Pure: times are given."""

from collections import deque

WINDOW_SECONDS = 15.0
"""The rate is that of the last seconds: a step that slows down shows it soon."""


class Pace:
    """Samples of how many children had ended at a time (seconds of a monotonic clock)."""

    def __init__(self) -> None:
        self._samples: deque[tuple[float, int]] = deque()

    def note(self, now: float, finished: int) -> None:
        """Remember a sample, forget those before the window."""
        self._samples.append((now, finished))
        while len(self._samples) > 2 and self._samples[1][0] <= now - WINDOW_SECONDS:
            self._samples.popleft()

    def rate(self) -> float:
        """Children ended per second; 0 while that is not known."""
        if len(self._samples) < 2:
            return 0.0
        (first, before), (last, after) = self._samples[0], self._samples[-1]
        return max(0.0, (after - before) / (last - first)) if last > first else 0.0

    def seconds_left(self, left: int) -> float | None:
        """How long the open children will take at this rate; None while nothing moves."""
        rate = self.rate()
        if left == 0:
            return 0.0
        return left / rate if rate > 0 else None
