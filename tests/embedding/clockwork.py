"""A process that tests start and kill: it works on a store whose one schedule fires every minute of its own clock."""

import sys
from pathlib import Path
from threading import Event

from actors.seams import ManualClock
from runtime import Runtime
from runtime.settings import RuntimeSettings
from tests.embedding.processes import sql


def main(store: Path, most: int) -> None:
    """Fire so many times, each as soon as the one before is durable."""
    (found,) = sql(store, "SELECT next_at FROM schedule")
    next_at = int(str(found[0]))
    clock = ManualClock(wall_ms=next_at - 1)
    with Runtime(RuntimeSettings(store=store, synchronous="NORMAL"), clock=clock) as runtime:
        bell = Event()
        runtime.assembly.hub.on_commit(bell.set)
        for _ in range(most):
            clock.advance(0.001 + max(0, next_at - 1 - clock.wall_ms()) / 1000)
            while (following := runtime.schedules()[0]["next_at"]) == next_at:
                bell.wait(0.2)
                bell.clear()
            next_at = following


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
