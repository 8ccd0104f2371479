"""The loop dispatcher: one thread with an asyncio loop for handlers and bodies that are coroutines.

A burst of runnables costs the loop one wake-up. A *drainer* task steps one after another; one that finishes without
suspending needs no task of its own. One that suspends keeps the task it has run in so far, so that
``asyncio.current_task()``, timeouts and cancellation are right from its first line on, and a new drainer goes on with
the rest. A runnable that changed its context or was cancelled also ends its drainer, so that nothing leaks to the next.
"""

import asyncio
from collections import deque
from collections.abc import Coroutine, Generator
from contextlib import suppress
from contextvars import Context, copy_context
from threading import Event, Lock, Thread
from typing import Any

from actors.pace import UNLIMITED, shared_room
from runtime.engine.joining import join_threads
from runtime.engine.receiver import Runnable

QUICK_IN_A_ROW = 64
"""Runnables in a row that did not suspend after which the next are taken not to."""
QUICK_BODIES = 64
"""Such bodies of one step worth having here."""
BURST = 256
"""Runnables in a row before the loop looks at its sockets again."""


class Suspended:
    """A coroutine that was stepped once and now waits for ``first``: awaiting this goes on with it."""

    __slots__ = ("_coroutine", "_first")

    def __init__(self, coroutine: Coroutine[Any, Any, None], first: Any) -> None:
        self._coroutine = coroutine
        self._first = first

    def __await__(self) -> Generator[Any, Any, None]:
        coroutine, yielded = self._coroutine, self._first
        while True:
            try:
                value = yield yielded
            except GeneratorExit:
                coroutine.close()
                raise
            except BaseException as error:  # noqa: BLE001 (it is thrown on into the coroutine)
                try:
                    yielded = coroutine.throw(error)
                except StopIteration:
                    return
            else:
                try:
                    yielded = coroutine.send(value)
                except StopIteration:
                    return


class LoopDispatcher:
    """The loop, its thread and the queue into it; the thread starts with the first runnable."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.closed = False
        self.threads: list[Thread] = []
        self.loop: asyncio.AbstractEventLoop | None = None
        self._jobs: deque[Runnable] = deque()
        self._called = False  # there is a drainer, or the loop was told to make one
        self._context = Context()
        self._tasks: set[asyncio.Task[None]] = set()
        self._suspended: set[asyncio.Task[None]] = set()
        self._lock = Lock()
        self._quick = 0  # that did not suspend, in a row

    def room(self, sharing: int) -> int:
        """Bodies that one of ``sharing`` steps should have here; see ``actors.pace``.

        While none suspends they run one after the other; others would only wait here, each with an actor of its own.
        """
        return shared_room(QUICK_BODIES, sharing) if self._quick >= QUICK_IN_A_ROW else UNLIMITED

    def enqueue(self, runnable: Runnable) -> None:
        """Run it soon; from any thread."""
        self._jobs.append(runnable)
        if not self._called:
            self._called = True
            loop = self.loop or self._start()
            # Closed meanwhile: what is still to run is dropped.
            with suppress(RuntimeError):
                loop.call_soon_threadsafe(self._new_drainer)

    def _start(self) -> asyncio.AbstractEventLoop:
        with self._lock:
            if self.loop is None:
                loop = asyncio.new_event_loop()
                started = Event()
                thread = Thread(
                    target=self._work, args=(loop, started), name=f"quaero-{self.name}", daemon=True
                )
                self.threads.append(thread)
                thread.start()
                started.wait()
                self.loop = loop
            return self.loop

    def _work(self, loop: asyncio.AbstractEventLoop, started: Event) -> None:
        asyncio.set_event_loop(loop)
        started.set()
        try:
            loop.run_forever()
            for task in asyncio.all_tasks(loop):
                task.cancel()
            loop.run_until_complete(_finish(asyncio.all_tasks(loop)))
            loop.run_until_complete(loop.shutdown_asyncgens())
        finally:
            asyncio.set_event_loop(None)
            loop.close()

    def _new_drainer(self) -> None:
        if self.closed:
            return
        loop = asyncio.get_running_loop()
        task = loop.create_task(self._drain(), name="quaero-drainer", context=self._context.copy())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _drain(self) -> None:
        jobs = self._jobs
        task = asyncio.current_task()
        clean = copy_context()
        for _ in range(BURST):
            if not jobs:
                self._called = False
                # What came just before that is seen here, what comes after calls again.
                if not jobs:
                    return
                self._called = True
            coroutine = jobs.popleft().run_on_loop()
            try:
                first = coroutine.send(None)
            except StopIteration:
                self._quick += 1
                if copy_context() == clean and not (task is not None and task.cancelling()):
                    continue
                break
            self._quick = 0
            self._new_drainer()
            if task is not None:
                self._suspended.add(task)
                task.add_done_callback(self._suspended.discard)
            await Suspended(coroutine, first)
            return
        self._new_drainer()

    def interrupt(self) -> None:
        """Cancel what waits."""
        if self.loop is not None:
            with suppress(RuntimeError):
                self.loop.call_soon_threadsafe(self._cancel_all)

    def _cancel_all(self) -> None:
        # Not the drainer: it has the turns to run in which the actors end.
        for task in tuple(self._suspended):
            task.cancel()

    def close(self) -> None:
        """Drop what waits, cancel what runs, and let the thread end."""
        self.closed = True
        self._jobs.clear()
        if self.loop is not None:
            with suppress(RuntimeError):
                self.loop.call_soon_threadsafe(self.loop.stop)

    def join(self, deadline: float) -> list[str]:
        """Wait for the thread until that monotonic time; its name if it still runs."""
        return join_threads(self.threads, deadline)


async def _finish(tasks: set[asyncio.Task[Any]]) -> None:
    others = tasks - {asyncio.current_task()}
    await asyncio.gather(*others, return_exceptions=True)
