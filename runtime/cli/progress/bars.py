"""Progress as live bars on a terminal: one per step with done / known, failed, rate and time left."""

import sys
from collections.abc import Sequence
from types import TracebackType
from typing import Self

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn

from runtime.cli.layout import duration_text
from runtime.cli.printable import one_line
from runtime.cli.progress.lines import line
from runtime.cli.progress.pace import Pace
from runtime.cli.progress.picture import StepPicture


class LiveBars:
    """A display that redraws its bars. Whatever else writes to stderr meanwhile is shown above them."""

    least_seconds = 0.2
    most_seconds = 1.0

    def __init__(self) -> None:
        self._progress = Progress(
            TextColumn("{task.description}", markup=False),
            BarColumn(bar_width=24),
            TextColumn("{task.fields[words]}", markup=False),
            console=Console(file=sys.stderr, highlight=False),
            auto_refresh=False,
            redirect_stdout=False,
            redirect_stderr=True,
        )
        self._tasks: dict[str, TaskID] = {}
        self._paces: dict[str, Pace] = {}
        self._last: dict[str, StepPicture] = {}

    def __enter__(self) -> Self:
        self._progress.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._progress.stop()

    def show(self, steps: Sequence[StepPicture], now: float, *, last: bool = False) -> None:
        """See ``Display``."""
        for step in steps:
            if step.job_id not in self._tasks:
                self._paces[step.job_id] = Pace()
                self._tasks[step.job_id] = self._progress.add_task(one_line(step.name), total=None, words="")
            self._last[step.job_id] = step
            pace = self._paces[step.job_id]
            pace.note(now, step.counts.finished)
            # A step nothing is known of yet has a bar that waits; an ended one without children is full.
            total = step.counts.total or (1 if step.state.terminal else None)
            done = step.counts.finished if step.counts.total else int(step.state.terminal)
            self._progress.update(
                self._tasks[step.job_id], total=total, completed=done, words=words(step, pace)
            )
        for gone in self._tasks.keys() - {step.job_id for step in steps}:
            # Its bar makes room; how it ended stays, above the bars.
            self._progress.console.print(line(self._last.pop(gone)), markup=False)
            self._progress.remove_task(self._tasks.pop(gone))
            del self._paces[gone]
        self._progress.refresh()


def words(step: StepPicture, pace: Pace) -> str:
    """What stands beside the bar: ``41/108 done, 0 failed, 12.3/s, 5 s left``. Pure."""
    counts = step.counts
    known = f"{counts.total}" if step.total_final else f"{counts.total}+"
    parts = [f"{counts.finished}/{known} done", f"{counts.failed} failed"]
    if counts.cancelled:
        parts.append(f"{counts.cancelled} cancelled")
    if step.state.terminal:
        return ", ".join([*parts, step.state])
    if rate := pace.rate():
        parts.append(f"{rate:.1f}/s")
    left = pace.seconds_left(counts.open)
    if counts.open and left is not None:
        parts.append(f"{duration_text(left)} left")
    return ", ".join(parts)
