"""Run: the handle of one run, as a service holds it."""

import asyncio
import logging
import threading
from typing import TYPE_CHECKING, Any

import msgspec

from actors.ids import id_text
from actors.job import Counts, JobState
from runtime.patience import time_limit

if TYPE_CHECKING:
    from runtime.embedding import Runtime
    from runtime.store.explaining.reason import Explanation

_log = logging.getLogger("quaero.run")

RECHECK_SECONDS = 5.0
"""A waiter looks at the row again after this time, should it ever miss the bell."""


class RunResult(msgspec.Struct, frozen=True):
    """How a run ended."""

    run_id: str
    state: JobState
    counts: Counts
    documents: int
    duration_seconds: float
    errors: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()


class WaitTimeoutError(TimeoutError):
    """The run did not end in the time given; it goes on."""


class Run:
    """One run. It holds no state: every question is answered from the store."""

    def __init__(self, runtime: "Runtime", number: int) -> None:
        self._runtime = runtime
        self.number = number

    def __repr__(self) -> str:
        return f"<Run({self.id!r})>"

    @property
    def id(self) -> str:
        """The id as text."""
        return id_text(self.number)

    @property
    def state(self) -> JobState:
        """The state now.

        Raises:
            LookupError: the store has no such run.
        """
        state = self._runtime.reader.run_state(self.number)
        if state is None:
            raise self._missing()
        return state

    def wait(self, timeout_seconds: float | None = None) -> RunResult:
        """Wait until the run has ended, and read how.

        Raises:
            TypeError: the time limit is no number of seconds.
            WaitTimeoutError: it had not ended in that time.
            RuntimeStateError: the runtime was closed, or has given up; the run is in the store and goes on with it.
        """
        self.wait_for_end(timeout_seconds)
        return self.result()

    def wait_for_end(self, timeout_seconds: float | None = None) -> None:
        """``wait`` without reading the result."""
        limit = time_limit(timeout_seconds)
        bell = threading.Event()
        leave = self._runtime.assembly.hub.on_end(self.number, bell.set)
        clock = self._runtime.assembly.clock
        deadline = None if limit is None else clock.monotonic() + limit
        quiet = 0
        try:
            while not self.state.terminal:
                self._runtime.raise_if_failed()
                left = RECHECK_SECONDS if deadline is None else deadline - clock.monotonic()
                if left <= 0:
                    raise self._late(limit)
                quiet += not bell.wait(min(left, RECHECK_SECONDS))
                bell.clear()
                if quiet == 1:
                    self._warn_of_stranded()
        finally:
            leave()

    async def wait_async(self, timeout_seconds: float | None = None) -> RunResult:
        """``wait`` for asyncio."""
        limit = time_limit(timeout_seconds)
        loop, bell = asyncio.get_running_loop(), asyncio.Event()
        leave = self._runtime.assembly.hub.on_end(self.number, lambda: loop.call_soon_threadsafe(bell.set))
        quiet = 0
        try:
            async with asyncio.timeout(limit):
                while not (await asyncio.to_thread(lambda: self.state)).terminal:
                    self._runtime.raise_if_failed()
                    try:
                        async with asyncio.timeout(RECHECK_SECONDS):
                            await bell.wait()
                    except TimeoutError:
                        quiet += 1
                        if quiet == 1:
                            await asyncio.to_thread(self._warn_of_stranded)
                    bell.clear()
        except TimeoutError as error:
            raise await asyncio.to_thread(self._late, limit) from error
        finally:
            leave()
        return await asyncio.to_thread(self.result)

    def result(self) -> RunResult:
        """The run as it is now, in the form of its end."""
        shown = self.show()
        return RunResult(
            run_id=self.id,
            state=JobState(shown["state"]),
            counts=Counts(**shown["counts"]),
            documents=shown["documents"],
            duration_seconds=shown["duration_seconds"],
            errors=tuple(shown["errors"]),
            warnings=tuple(shown["warnings"]),
        )

    def show(self) -> dict[str, Any]:
        """The run with its steps, as ``quaero run --json`` prints it."""
        shown = self._runtime.reader.run(self.number)
        if shown is None:
            raise self._missing()
        return shown

    def progress(self) -> Counts:
        """The jobs of the run by state, at one snapshot.

        Raises:
            LookupError: the store has no such run.
        """
        counts = self._runtime.reader.counts(self.number, "run")
        if not counts.total and self._runtime.reader.run_state(self.number) is None:
            raise self._missing()
        return counts

    async def progress_async(self) -> Counts:
        """``progress`` for asyncio."""
        return await asyncio.to_thread(self.progress)

    def cancel(self, reason: str = "") -> bool:
        """Cancel the run; returns whether that changed anything."""
        return self._runtime.cancel(self.number, reason)

    async def cancel_async(self, reason: str = "") -> bool:
        """``cancel`` for asyncio."""
        return await self._runtime.cancel_async(self.number, reason)

    def pause(self) -> bool:
        """Start nothing new of the run; returns whether that changed anything. ``wait`` waits on."""
        return self._runtime.pause(self.number)

    async def pause_async(self) -> bool:
        """``pause`` for asyncio."""
        return await self._runtime.pause_async(self.number)

    def resume(self) -> bool:
        """Take the pause back; returns whether that changed anything."""
        return self._runtime.resume(self.number)

    async def resume_async(self) -> bool:
        """``resume`` for asyncio."""
        return await self._runtime.resume_async(self.number)

    def delete(self) -> int:
        """Delete the run, which has ended; returns how many jobs go with it. See ``Runtime.delete``."""
        return self._runtime.delete(self.number)

    async def delete_async(self) -> int:
        """``delete`` for asyncio."""
        return await self._runtime.delete_async(self.number)

    def explain(self) -> "Explanation":
        """Why the run does not move; see ``Runtime.explain``."""
        return self._runtime.explain(self.number)

    async def explain_async(self) -> "Explanation":
        """``explain`` for asyncio."""
        return await self._runtime.explain_async(self.number)

    def retry(self, *, failed_only: bool = False) -> int:
        """Open what failed or was cancelled again; returns how many jobs wait again. See ``Runtime.retry``."""
        return self._runtime.retry(self.number, failed_only=failed_only)

    async def retry_async(self, *, failed_only: bool = False) -> int:
        """``retry`` for asyncio."""
        return await self._runtime.retry_async(self.number, failed_only=failed_only)

    def rerun(self) -> "Run":
        """Make a new run of what this one was asked to do. See ``Runtime.rerun``."""
        return self._runtime.rerun(self.number)

    async def rerun_async(self) -> "Run":
        """``rerun`` for asyncio."""
        return await self._runtime.rerun_async(self.number)

    def _missing(self) -> LookupError:
        return LookupError(f"there is no run {self.id} in {self._runtime.settings.store}")

    def _late(self, limit: float | None) -> WaitTimeoutError:
        text = f"run {self.id} had not ended after {limit or 0:g} s"
        return WaitTimeoutError("; ".join([text, *self._stranded()]))

    def _warn_of_stranded(self) -> None:
        """Who waits in vain for a job that nobody here can do is told once, in the log: it may be meant."""
        for sentence in self._stranded():
            _log.warning("waiting for run %s: %s", self.id, sentence)

    def _stranded(self) -> list[str]:
        here = self._runtime.assembly
        return self._runtime.reader.stranded(here.workers, here.managers)
