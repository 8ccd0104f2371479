"""A coroutine on a loop of its own and on virtual time: whatever it sleeps for passes at once."""

from collections.abc import Coroutine
from typing import Any, TypeVar

from actors.seams import ManualClock
from runtime.engine.stepping import ClockedLoop

OUTSIDE_SECONDS = 3.0
"""Real time in which a socket or a thread has to bring something before virtual time passes over it."""
AT_ONCE_SECONDS = 0.001
"""Virtual time that is passed over without looking at sockets and threads: the rest of a wait, lost in rounding."""

Result = TypeVar("Result")


def run_on_virtual_time(work: Coroutine[Any, Any, Result], clock: ManualClock) -> Result:
    """Run a coroutine to its end; the clock goes on whenever it waits for nothing but time.

    Raises:
        RuntimeError: it waits for what never comes.
        BaseException: what the coroutine raises.
    """
    loop = ClockedLoop(clock.monotonic)
    task = loop.create_task(work)
    try:
        while not task.done():
            due = loop.next_due
            if due is not None and due <= clock.monotonic() + AT_ONCE_SECONDS:
                _advance_to(due, clock)
                loop.run_once()
            elif _brought(loop):
                loop.run_once()
            elif due is not None:
                _advance_to(due, clock)
            else:
                raise RuntimeError(f"{work!r} waits for what never comes")
        return task.result()
    finally:
        task.cancel()
        while not task.done():
            loop.run_once()
        loop.close()


def _advance_to(due: float, clock: ManualClock) -> None:
    if due > clock.monotonic():
        clock.advance(due - clock.monotonic() + 1e-6)


def _brought(loop: ClockedLoop) -> bool:
    """Whether a socket or a thread that is waited for has brought something."""
    return loop.waits_outside and loop.wait_outside(OUTSIDE_SECONDS)
