"""StoreAccess: how host threads and coroutines ask the store, while its actors come and go.

If the store's actor dies before it answers, the one that takes its place is asked the same. Requests bear their own
ids, so that one that was recorded before its answer was lost is recorded once.
"""

import asyncio
from threading import Condition
from typing import Any

from runtime.engine import ActorDeadError, ask, ask_async, tell


class StoreAccess:
    """Where requests go. Set by the supervisor's thread, used by any other."""

    def __init__(self) -> None:
        self._current: Any = None
        self._gone = False
        self._news = Condition()

    def __repr__(self) -> str:
        return f"<StoreAccess({self._current}, gone={self._gone})>"

    def opened(self, address: Any) -> None:
        """There is a store actor, the first or one in a dead one's place."""
        with self._news:
            self._current = address
            self._news.notify_all()

    def gone(self) -> None:
        """No other actor will take the place of this one: the runtime stops."""
        with self._news:
            self._gone = True
            self._news.notify_all()

    def tell(self, system: Any, message: Any) -> None:
        """Tell the actor that is there now, or nobody; from any thread.

        Raises:
            EngineError: it can not be told.
        """
        if self._current is not None:
            tell(system, self._current, message)

    def ask(self, system: Any, request: Any, timeout_seconds: float) -> Any:
        """Ask, from any thread but the engine's own.

        Raises:
            EngineError: there was no answer, and there will be none.
        """
        while True:
            store = self._current
            try:
                return ask(system, store, request, timeout_seconds)
            except ActorDeadError:
                if not self._replaced(store, timeout_seconds):
                    raise

    async def ask_async(self, system: Any, request: Any, timeout_seconds: float) -> Any:
        """Ask, from a coroutine on any loop.

        Raises:
            EngineError: there was no answer, and there will be none.
        """
        while True:
            store = self._current
            try:
                return await ask_async(system, store, request, timeout_seconds)
            except ActorDeadError:
                if not await asyncio.to_thread(self._replaced, store, timeout_seconds):
                    raise

    def _replaced(self, dead: Any, timeout_seconds: float) -> bool:
        """Wait until another actor has the place of that one; False if none will, or not in that time."""
        with self._news:
            self._news.wait_for(lambda: self._gone or self._current != dead, timeout_seconds)
            return not self._gone and bool(self._current != dead)
