"""The contract of a progress display, and which one stderr gets."""

import sys
from collections.abc import Sequence
from types import TracebackType
from typing import Protocol, Self

from runtime.cli.output import is_terminal, tell
from runtime.cli.progress.picture import StepPicture


class Display(Protocol):
    """Shows steps as they go. Entered while it may draw."""

    least_seconds: float  # it wants to be shown nothing more often than this
    most_seconds: float  # and something at least this often

    def __enter__(self) -> Self: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...

    def show(self, steps: Sequence[StepPicture], now: float, *, last: bool = False) -> None:
        """Show these steps. ``now`` is of a monotonic clock; ``last``: nothing will follow, so show all of it."""
        ...


def display() -> Display:
    """Live bars if stderr is a terminal, plain lines otherwise."""
    if is_terminal(sys.stderr):
        from runtime.cli.progress.bars import LiveBars

        return LiveBars()
    from runtime.cli.progress.lines import PlainLines

    return PlainLines(tell)
