"""Progress as plain lines, for pipes and files: a line for each step that changed, the last state always.

How a step ended is told at once, however soon after other lines: it may be shown that once.
"""

from collections.abc import Callable, Sequence
from types import TracebackType
from typing import Self

from runtime.cli.printable import one_line
from runtime.cli.progress.picture import StepPicture

LEAST_SECONDS = 1.0
"""Between two sets of lines."""


class PlainLines:
    """A display that writes lines."""

    least_seconds = LEAST_SECONDS
    most_seconds = 5.0

    def __init__(self, tell: Callable[[str], None]) -> None:
        self._tell = tell
        self._told: dict[str, str] = {}
        self._shown_at: float | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        pass

    def show(self, steps: Sequence[StepPicture], now: float, *, last: bool = False) -> None:
        """See ``Display``."""
        soon = not last and self._shown_at is not None and now - self._shown_at < LEAST_SECONDS
        for step in steps:
            if soon and not step.state.terminal:
                continue
            text = line(step)
            if text != self._told.get(step.job_id):
                if step.counts.total or step.state.terminal:
                    self._tell(text)
                    if not soon:  # ends that follow each other closely do not keep back the steps that go on
                        self._shown_at = now
                self._told[step.job_id] = text


def line(step: StepPicture) -> str:
    """``crawl: 66 pending, 1 running, 41 completed, 0 failed``. Pure."""
    ended = f" ({step.state})" if step.state.terminal else ""
    return f"{one_line(step.name)}: {step.counts.text()}{ended}"
