"""The inbox of the outside: what actors send to whoever used Thespian's ``tell`` or ``ask``, in one queue for all.

That is Thespian's contract: any message to the outside answers whoever listens next. ``access.ask`` is the way to get
the answer to one's own question.
"""

from collections import deque
from threading import Condition
from typing import TYPE_CHECKING, ClassVar

from thespian.system import isInternalActorSystemMessage

from runtime.engine.address import EngineAddress
from runtime.engine.joining import real_now

if TYPE_CHECKING:
    from runtime.engine.engine import Engine


class Outside:
    """One inbox; ``private()`` makes further ones."""

    is_port: ClassVar[bool] = False

    def __init__(self, engine: "Engine") -> None:
        self.engine = engine
        self.address: EngineAddress = EngineAddress(self, next(engine.numbers))
        self._messages: deque[object] = deque()
        self._condition = Condition()

    @property
    def engine_name(self) -> str:
        """Names the engine."""
        return self.engine.name

    def post(self, message: object, sender: EngineAddress | None) -> None:
        """Keep it for whoever listens."""
        if isInternalActorSystemMessage(message):
            return
        with self._condition:
            self._messages.append(message)
            self._condition.notify()

    def missing(self, reason: str) -> None:
        """Thespian's ask gets no answer then, and times out: that is its contract."""

    def listen(self, timeout_seconds: float | None) -> object:
        """The next message, or None if there is none in time."""
        deadline = None if timeout_seconds is None else real_now() + timeout_seconds
        with self._condition:
            while not self._messages:
                wait = None if deadline is None else deadline - real_now()
                if wait is not None and wait <= 0:
                    return None
                self._condition.wait(wait)
            return self._messages.popleft()
