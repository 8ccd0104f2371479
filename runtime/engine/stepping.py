"""An engine without threads: whoever calls ``engine_step`` runs the next ready turn, in that thread.

All dispatchers share one ready queue, whose order is the caller's choice; bodies are turns like any other; coroutines
run on an asyncio loop that is stepped as well and whose time is the engine's clock. With a ManualClock and a seeded
queue, a run can be repeated exactly.
"""

import asyncio
from asyncio import _get_running_loop, _set_running_loop
from collections import deque
from collections.abc import Callable, Coroutine
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from actors.pace import UNLIMITED
from runtime.engine.errors import UnknownDispatcherError
from runtime.engine.receiver import Dispatcher, ReadyQueue, Runnable

if TYPE_CHECKING:
    from runtime.engine.engine import Engine
    from runtime.engine.pool import Pool
    from runtime.engine.watchdog import Watchdog

FINISH_LOOK_SECONDS = 0.05
"""Between looks of ``finish`` at a loop that waits for sockets."""
NAMES = ("core", "store", "io", "cpu", "loop")

CANCELS = 3
"""How often a coroutine is cancelled when its loop is closed."""
STEPS_TO_END = 20
"""Of the loop, after each cancel; time stands still meanwhile."""


class SteppedDispatcher:
    """Puts everything into the one queue."""

    def __init__(self, ready: ReadyQueue) -> None:
        self._ready = ready

    def enqueue(self, runnable: Runnable) -> None:
        """Run it in some later step."""
        self._ready.append(runnable)

    def wake(self) -> None:
        """Nobody sleeps."""

    def close(self) -> None:
        """Nothing to end."""

    def join(self, deadline: float) -> list[str]:
        """No threads."""
        return []


class ClockedLoop(asyncio.SelectorEventLoop):
    """An asyncio loop on a virtual clock that runs when it is told to."""

    def __init__(self, now: Callable[[], float]) -> None:
        super().__init__()
        self._now = now
        self._in_threads = 0  # calls that run in a thread of the loop's executor

    def run_in_executor(self, executor: Any, func: Any, *args: Any) -> Any:  # type: ignore[override]
        """Run it in a thread, of which is known that it is waited for."""
        future = super().run_in_executor(executor, func, *args)
        self._in_threads += 1
        future.add_done_callback(self._thread_done)
        return future

    def _thread_done(self, future: object) -> None:
        self._in_threads -= 1

    @property
    def waits_outside(self) -> bool:
        """Whether somebody may wait for a socket or a thread, so for what comes in real time."""
        sockets = self._selector.get_map()  # type: ignore[attr-defined]
        return len(sockets) > 1 or self._in_threads > 0  # the one that is always there is the loop's own

    def wait_outside(self, seconds: float) -> bool:
        """Wait in real time for a socket or a thread; whether one has brought something to run."""
        return bool(self._selector.select(seconds))  # type: ignore[attr-defined]

    def time(self) -> float:
        """The virtual time."""
        return self._now()

    @property
    def next_due(self) -> float | None:
        """When something is to be run: now, at a later time, or never."""
        if self._ready:  # type: ignore[attr-defined]
            return self.time()
        scheduled = [each for each in self._scheduled if not each.cancelled()]  # type: ignore[attr-defined]
        return min((each.when() for each in scheduled), default=None)

    def run_once(self) -> None:
        """Run what is ready, once; also in a thread whose own loop runs, which waits meanwhile."""
        outer = _get_running_loop()
        _set_running_loop(None)
        try:
            self.call_soon(self.stop)
            self.run_forever()
        finally:
            _set_running_loop(outer)


class LoopTurn:
    """A step of the loop: the first one of a runnable, or a later one of all that wait there."""

    def __init__(self, dispatcher: "SteppedLoop", runnable: Runnable | None) -> None:
        self._dispatcher = dispatcher
        self._runnable = runnable

    def run_turn(self) -> None:
        """Run it in this thread."""
        self._dispatcher.run(self._runnable)

    async def run_on_loop(self) -> None:
        """It runs the loop itself."""


class SteppedLoop(SteppedDispatcher):
    """The loop dispatcher in steps."""

    def __init__(self, engine: "Engine", ready: ReadyQueue) -> None:
        super().__init__(ready)
        self._engine = engine
        self._loop: ClockedLoop | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._polling = False

    def enqueue(self, runnable: Runnable) -> None:
        """Run it in some later step."""
        self._ready.append(LoopTurn(self, runnable))

    @property
    def next_due(self) -> float | None:
        """When the loop has something to run."""
        return None if self._loop is None else self._loop.next_due

    def poll(self) -> None:
        """If the loop has something to run, that is a ready turn."""
        due = self.next_due
        if due is not None and due <= self._engine.now() and not self._polling:
            self._polling = True
            self._ready.append(LoopTurn(self, None))

    def run(self, runnable: Runnable | None) -> None:
        """One step of the loop."""
        if self._loop is None:
            self._loop = ClockedLoop(self._engine.now)
        if runnable is None:
            self._polling = False
        else:
            task = self._loop.create_task(runnable.run_on_loop())
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        self._loop.run_once()

    @property
    def waits_outside(self) -> bool:
        """Whether a coroutine may wait for a socket or a thread, so for what comes in real time."""
        return self._loop is not None and bool(self._tasks) and self._loop.waits_outside

    def wait_outside(self, seconds: float) -> bool:
        """Wait in real time for a socket or a thread; whether one has brought something, which a turn will take."""
        if self._loop is None or not self._loop.wait_outside(seconds):
            return False
        if not self._polling:
            self._polling = True
            self._ready.append(LoopTurn(self, None))
        return True

    def finish(self, work: Coroutine[Any, Any, object]) -> None:
        """Run a coroutine to its end, whatever else waits."""
        if self._loop is None:
            self._loop = ClockedLoop(self._engine.now)
        task = self._loop.create_task(work)
        while not task.done():
            if self._loop.next_due is None:
                self._loop.wait_outside(FINISH_LOOK_SECONDS)
            self._loop.run_once()
        task.result()

    def interrupt(self) -> None:
        """Cancel what waits in the loop."""
        for task in tuple(self._tasks):
            task.cancel()

    def close(self) -> None:
        """Cancel what waits in the loop, and close it; who does not end when cancelled again and again is dropped."""
        if self._loop is None:
            return
        for told in range(CANCELS):
            for task in tuple(self._tasks):
                if task.cancelling() <= told:  # else it was told before, and may be on its way out
                    task.cancel()
            for _ in range(STEPS_TO_END):
                if not self._tasks:
                    break
                self._loop.run_once()
        self.drop()

    def drop(self) -> None:
        """Close the loop as it stands: no coroutine is told, but that its ``finally`` blocks run."""
        if self._loop is None:
            return
        for task in tuple(self._tasks):
            task._log_destroy_pending = False  # type: ignore[attr-defined]
            with suppress(RuntimeError):  # it awaits something even now
                task.get_coro().close()
        self._tasks.clear()
        self._loop.close()
        self._loop = None


class SteppedDispatchers:
    """All dispatchers, in steps."""

    stepped = True

    def __init__(self, engine: "Engine", ready: ReadyQueue | None) -> None:
        self._engine = engine
        self.ready: ReadyQueue = deque() if ready is None else ready
        self.core = SteppedDispatcher(self.ready)
        self.loop = SteppedLoop(engine, self.ready)
        self.pool: Pool | None = None
        self.cpu: Pool | None = None
        self.watchdog: Watchdog | None = None

    def named(self, name: str, user: object) -> Dispatcher:
        """The dispatcher that ``user`` named.

        Raises:
            UnknownDispatcherError: there is none.
        """
        if name not in NAMES:
            raise UnknownDispatcherError(
                f"{user} names the dispatcher {name!r}; there are: {', '.join(NAMES)}"
            )
        return self.loop if name == "loop" else self.core

    def room(self, dispatcher: str, sharing: int) -> int:
        """For all: the order of turns is the caller's choice."""
        return UNLIMITED

    def step(self) -> bool:
        """Run one ready turn; False if there is none."""
        self._engine.fire()
        self.loop.poll()
        if not len(self.ready):
            return False
        self.ready.popleft().run_turn()
        return True

    def next_due(self) -> float | None:
        """The monotonic time at which something is to be done that is not ready yet; None: never."""
        due = [self._engine.timers.next_due, self.loop.next_due]
        times = [each for each in due if each is not None and each != float("inf")]
        return min(times, default=None)

    def interrupt(self) -> None:
        """Cancel coroutines that wait: their actors are to end."""
        self.loop.interrupt()

    def close(self) -> None:
        """Drop what waits."""
        self.loop.close()
        while len(self.ready):
            self.ready.popleft()

    def join(self, deadline: float) -> list[str]:
        """No threads."""
        return []

    def drop(self) -> None:
        """Drop what waits, as the death of a process does."""
        self.loop.drop()
        while len(self.ready):
            self.ready.popleft()


def stepped_dispatchers(engine: "Engine") -> SteppedDispatchers:
    """The dispatchers of a stepped engine.

    Raises:
        TypeError: the engine has threads.
    """
    if not isinstance(engine.dispatchers, SteppedDispatchers):
        raise TypeError(f"{engine.name} has threads, it was not opened with stepped=True")
    return engine.dispatchers
