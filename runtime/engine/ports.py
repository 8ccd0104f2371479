"""Reply ports: the one-shot sender addresses of asks, so that an answer finds its ask and no other.

The first message a port gets is the reply; every later one is a dead letter. A port is also told when no reply will
come, because the asked actor is gone, so that nobody waits for the dead.
"""

from collections.abc import Callable
from threading import Lock
from typing import TYPE_CHECKING, ClassVar

from actors.receive import AskEnded
from runtime.engine.address import EngineAddress
from runtime.engine.control import Control
from runtime.engine.errors import ActorDeadError

if TYPE_CHECKING:
    from runtime.engine.cell import ActorCell
    from runtime.engine.engine import Engine
    from runtime.engine.timers import EngineTimer


class AskOver(Control):
    """The time of that port's ask is over."""

    def __init__(self, port: "ActorPort") -> None:
        self.port = port


class Port:
    """Takes one reply. Subclasses say what happens with it."""

    __slots__ = ("address", "engine", "settled", "target")

    is_port: ClassVar[bool] = True

    def __init__(self, engine: "Engine") -> None:
        self.engine = engine
        self.address: EngineAddress = EngineAddress(self, next(engine.numbers))
        self.target: ActorCell | None = None
        self.settled = Lock()  # taken by whatever settles the port

    @property
    def engine_name(self) -> str:
        """Names the engine."""
        return self.engine.name

    def send_to(self, target: "ActorCell", message: object) -> None:
        """Send the question, in a way that the end of the target settles the port."""
        self.target = target
        target.interest().ports.add(self)
        target.post(message, self.address)

    def post(self, message: object, sender: EngineAddress | None) -> None:
        """The reply, if it is the first message here."""
        if self.settled.acquire(blocking=False):
            self._forget()
            self.replied(message, sender)
        else:
            self.engine.dead_letters.post(self.address, message, None)

    def missing(self, reason: str) -> None:
        """There will be no reply."""
        if self.settled.acquire(blocking=False):
            self._forget()
            self.failed(ActorDeadError(reason))

    def withdraw(self) -> bool:
        """Nobody waits any more; False if the port was settled before."""
        if not self.settled.acquire(blocking=False):
            return False
        self._forget()
        return True

    def replied(self, message: object, sender: EngineAddress | None) -> None:
        """The reply is there."""
        raise NotImplementedError

    def failed(self, error: ActorDeadError) -> None:
        """There is none."""
        raise NotImplementedError

    def _forget(self) -> None:
        if self.target is not None:
            self.target.interest().ports.discard(self)


class ThreadPort(Port):
    """A host thread waits for the reply."""

    __slots__ = ("_gate", "error", "reply")

    def __init__(self, engine: "Engine") -> None:
        super().__init__(engine)
        self.reply: object = None
        self.error: ActorDeadError | None = None
        self._gate = Lock()
        self._gate.acquire()

    def replied(self, message: object, sender: EngineAddress | None) -> None:
        """Let the thread go on."""
        self.reply = message
        self._gate.release()

    def failed(self, error: ActorDeadError) -> None:
        """Let the thread go on, with an error."""
        self.error = error
        self._gate.release()

    def wait(self, timeout_seconds: float) -> bool:
        """Whether the port was settled in time. A reply that comes later is a dead letter."""
        if self._gate.acquire(timeout=timeout_seconds):
            return True
        return not self.withdraw()


class CallbackPort(Port):
    """Calls a function, in whichever thread settles the port: for an asyncio loop's future."""

    __slots__ = ("_settle",)

    def __init__(self, engine: "Engine", settle: Callable[[object, ActorDeadError | None], None]) -> None:
        super().__init__(engine)
        self._settle = settle

    def replied(self, message: object, sender: EngineAddress | None) -> None:
        """Pass the reply on."""
        self._settle(message, None)

    def failed(self, error: ActorDeadError) -> None:
        """Pass the error on."""
        self._settle(None, error)


class ActorPort(Port):
    """An actor asked: the reply comes to it as an ``AskEnded``, and so does the end of its patience."""

    __slots__ = ("asker", "number", "timer")

    def __init__(self, asker: "ActorCell", number: int) -> None:
        super().__init__(asker.engine)
        self.asker = asker
        self.number = number
        self.timer: EngineTimer | None = None

    def start(self, timeout_seconds: float) -> None:
        """Give up after that time."""
        self.timer = self.engine.timers.start(self.asker, timeout_seconds, AskOver(self))

    def replied(self, message: object, sender: EngineAddress | None) -> None:
        """Tell the asker."""
        self._end(AskEnded(self.number, message), sender)

    def failed(self, error: ActorDeadError) -> None:
        """Tell the asker that nothing comes."""
        self._end(AskEnded(self.number, None, missing=True), self.asker.address)

    def _end(self, end: AskEnded, sender: EngineAddress | None) -> None:
        if self.timer is not None:
            self.timer.cancel()
        self.asker.post(end, sender)
