"""Bodies: the work an actor has done elsewhere while it goes on receiving. What a body returns is a message to it."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import msgspec

from actors.encoding import MessageEncodingError
from actors.raised import message_of, traceback_of, type_of
from actors.receive import BodyFailed
from runtime.engine.address import EngineAddress
from runtime.engine.ending import DEAD

if TYPE_CHECKING:
    import asyncio

    from thespian.actors import ActorAddress

    from runtime.engine.cell import ActorCell
    from runtime.engine.pool import Pool

MAX_TRACEBACK = 8000
"""Characters kept of a traceback, the last ones."""

MAX_MESSAGE = 8000
"""Characters kept of an error's message, the first ones."""


class EngineBody:
    """One body. It ends with exactly one message to its actor, unless it was abandoned or the actor ended."""

    __slots__ = ("_function", "_pool", "_returned", "_task", "abandoned", "cancelled", "cell", "key", "over")

    _returned: "tuple[ActorAddress, object] | None"

    def __init__(self, cell: "ActorCell", function: Callable[[], Any], key: int, pool: "Pool | None") -> None:
        self.key = key
        self.abandoned = False
        self.cancelled = False
        self.over = False  # it has returned, and its thread goes on with the next one
        self.cell = cell
        self._function = function
        self._pool = pool
        self._task: asyncio.Task[None] | None = None

    def run_turn(self) -> None:
        """Run in this thread."""
        if self.abandoned or self.cell.state == DEAD:
            return
        try:
            result = self._function()
        except BaseException as error:  # noqa: BLE001 (also SystemExit is this body's failure, not the thread's)
            result = self._failure(error)
        self._finish(result)

    async def run_on_loop(self) -> None:
        """Run as a task of the asyncio loop."""
        import asyncio

        cell = self.cell
        if self.abandoned or cell.state == DEAD:
            return
        try:
            if self.cancelled:
                raise asyncio.CancelledError("cancelled before it started")
            result = self._function()
            if hasattr(result, "__await__"):
                self._task = asyncio.current_task()
                cell.interest().bodies.add(self)
                try:
                    result = await result
                finally:
                    cell.interest().bodies.discard(self)
        except BaseException as error:  # noqa: BLE001 (cancellation and SystemExit are this body's failure)
            result = self._failure(error)
        self._task = None
        self._finish(result)

    def cancel(self) -> None:
        """Cancel the task on the loop, or keep the body from starting there; on other dispatchers nothing happens."""
        self.cancelled = True
        task = self._task
        if task is not None:
            task.get_loop().call_soon_threadsafe(task.cancel)

    def abandon(self, returned: "tuple[ActorAddress, object] | None" = None) -> None:
        """Deliver nothing of it; the thread that runs it is replaced. See ``actors.extras.Body``."""
        if self.abandoned:
            return
        self._returned = returned
        self.abandoned = True
        # Whether it runs is asked after that was set: it ends before and is seen ended here, or after and tells itself.
        runs = self._task is not None if self._pool is None else self._pool.write_off(self)
        self.cancel()
        if not runs:
            self.run_no_more()

    def run_no_more(self) -> None:
        """It was abandoned, and has ended: whoever wants to know is told. Maybe twice."""
        if self._returned is not None:
            address, message = self._returned
            if isinstance(address, EngineAddress):
                address.cell.post(self.cell.engine.passed(message), self.cell.address)

    def _finish(self, result: object) -> None:
        if self.abandoned:
            if self._pool is None:
                self.run_no_more()
            return
        cell = self.cell
        if not isinstance(result, msgspec.Struct):
            result = self._failure(
                TypeError(f"a body returns a message, a msgspec Struct; this one returned {result!r:.200}")
            )
        # Before its actor can know of the result, and end: the thread is about to be free, and not to be written off.
        self.over = True
        try:
            cell.post_result(result)
        except (
            MessageEncodingError
        ) as error:  # in test mode only; the actor must hear of the end all the same
            cell.post_result(self._failure(error))

    def _failure(self, error: BaseException) -> BodyFailed:
        return BodyFailed(
            type_of(error), message_of(error, MAX_MESSAGE), traceback_of(error, MAX_TRACEBACK), self.key
        )
