"""What is known of an actor class once, so that making one of its actors costs microseconds."""

import inspect
from collections import deque
from collections.abc import Callable
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from thespian.system.messages.status import Thespian_StatusReq

from actors.receive import TypedActor
from runtime.engine.mailbox import Mailbox
from runtime.engine.plain import deliver_plain
from runtime.engine.reference import ActorReference
from runtime.engine.status import status_of

if TYPE_CHECKING:
    from runtime.engine.address import EngineAddress
    from runtime.engine.cell import ActorCell
    from runtime.engine.receiver import Dispatcher


class ActorPlan:
    """How actors of one class are made, run and given their messages."""

    __slots__ = (
        "actor_class",
        "arguments",
        "check",
        "dispatcher",
        "dispatcher_name",
        "handlers",
        "hears_exit",
        "inline",
        "mailbox",
        "name",
        "typed",
    )

    def __init__(self, actor_class: type[Any], dispatcher: "Dispatcher", dispatcher_name: str) -> None:
        self.actor_class = actor_class
        self.name = getattr(actor_class, "__qualname__", str(actor_class))
        self.dispatcher = dispatcher
        self.dispatcher_name = dispatcher_name
        self.inline = dispatcher_name == "core"  # made by the thread that creates it
        self.check = getattr(actor_class, "actorSystemCapabilityCheck", None)
        self.arguments = _arguments(actor_class)  # type: ignore[arg-type]
        # A decorator may have put something of its own before the handlers: then every message goes through it.
        self.typed = getattr(actor_class, "receiveMessage", None) is TypedActor.receiveMessage
        self.handlers: dict[type, Any] = actor_class._handlers if self.typed else {}

        self.mailbox: Callable[[], Mailbox] = list if self.typed and actor_class.few_messages else deque
        self.hears_exit = not self.typed or "ActorExitRequest" in actor_class._named

    def suits(self, capabilities: dict[str, Any], requirements: dict[str, Any] | None) -> bool:
        """Whether actors of this class may live in a system of these capabilities."""
        if self.check is None:
            return True
        try:
            return bool(self.check(capabilities, requirements or {}))
        except Exception:  # noqa: BLE001 (Thespian's rule: a check that raises says no)
            return False

    def make(self, cell: "ActorCell") -> Any:
        """A new actor, wired to its cell."""
        if not self.arguments:
            actor = self.actor_class()
        else:
            given = {"capabilities": cell.engine.capabilities, "requirements": cell.requirements}
            actor = self.actor_class(**{name: given[name] for name in self.arguments})
        actor._myRef = ActorReference(cell)
        return actor

    def deliver(self, cell: "ActorCell", message: object, sender: "EngineAddress | None") -> object:
        """Give the actor a message: whatever its handler raises is dealt with, but for SystemExit."""
        if isinstance(message, Thespian_StatusReq):
            if sender is not None:
                sender.cell.post(status_of(cell), cell.address)
            return None
        if self.typed:
            return cell.actor.deliver(message, sender)
        return deliver_plain(cell, message, sender)


class UnknownPlan(ActorPlan):
    """Of a class that is not known yet, or never will be."""

    __slots__ = ("_error",)

    def __init__(self, spec: object, dispatcher: "Dispatcher", error: Exception | None = None) -> None:
        super().__init__(object, dispatcher, "core")
        self.name = str(spec)
        self._error = error

    def make(self, cell: "ActorCell") -> Any:
        """Never made: raises what is wrong."""
        raise self._error or RuntimeError(f"{self.name} is not loaded")


@lru_cache(maxsize=256)
def _arguments(actor_class: type[Any]) -> tuple[str, ...]:
    """Which of the two arguments that Thespian offers the constructor takes."""
    try:
        parameters = inspect.signature(actor_class.__init__).parameters
    except (TypeError, ValueError):
        return ()
    return tuple(name for name in ("capabilities", "requirements") if name in parameters)
