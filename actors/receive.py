"""TypedActor: one handler per message type, every exception caught at the edge, and everything else by message.

What it guarantees, on our own engine and on Thespian's multiprocess bases alike:

- A message goes to ``receiveMsg_<TypeName>``; the class of a message finds its handler in one dictionary look-up.
- A handler runs once per message. What it raises is logged, counted and given to ``handler_failed``; the actor lives
  on. ``SystemExit`` is the actor's death, and its parent hears of it.
- A message without a handler is reported once per type and answered, if it was asked, by ``NotUnderstood``.
- The reply to an ``ask`` never answers another ask; a late one is dropped. A cancelled timer never fires.
- A child's end calls ``child_exited(address, reason)``, after everything the child had sent before.

Only ``run_body`` off the actor's thread, ``watch`` and in-process resources need our engine
(``actors.portable`` has what stands in for them elsewhere).
"""

import logging
from collections.abc import Callable
from typing import Any, ClassVar, Literal, TypeAlias

import msgspec
from thespian.actors import Actor, ActorAddress, ActorExitRequest, ActorSystemMessage, ChildActorExited

from actors.extras import Body, Extras, Timers

Address: TypeAlias = ActorAddress
"""Whom to send to. May be a field of a message; hashable on our engine, elsewhere key by ``addressDetails``."""

ExitReason: TypeAlias = Literal["normal", "error", "killed", "timeout"]
"""normal: it stopped itself; killed: it was told to exit; error: SystemExit, or it could not start; timeout: its
process was killed for taking too long."""

logger = logging.getLogger("quaero.actors")


class NotUnderstood(msgspec.Struct, frozen=True, tag=True, tag_field="tag"):
    """The answer to an asked message that the actor has no handler for."""

    message_type: str
    actor_type: str


class HandlerFailed(msgspec.Struct, frozen=True, tag=True, tag_field="tag"):
    """The answer to an asked message whose handler raised."""

    error_type: str
    message: str


class BodyFailed(msgspec.Struct, frozen=True, tag=True, tag_field="tag"):
    """A body raised, also SystemExit or a cancelled task; ``key`` is the one ``run_body`` was given."""

    error_type: str
    message: str
    traceback: str
    key: int


class Collapse(msgspec.Struct, frozen=True, tag=True, tag_field="tag"):
    """An actor to itself: end as one that failed, see ``TypedActor.fails_whole``."""


class ActorExited(ChildActorExited):
    """Thespian's ChildActorExited, and why. ``watched``: for a stranger's death watch, not the parent's."""

    def __init__(self, address: Address, reason: ExitReason, *, watched: bool = False) -> None:
        super().__init__(address)
        self.reason = reason
        self.watched = watched


class AskEnded(ActorSystemMessage):
    """The reply to the asking actor's ask of that number; ``missing``: there will be none."""

    __slots__ = ("missing", "number", "reply")

    def __init__(self, number: int, reply: object, *, missing: bool = False) -> None:
        self.number = number
        self.reply = reply
        self.missing = missing


Handler: TypeAlias = Callable[[Any, Any, Address], Any]


class TypedActor(Actor):
    """An actor whose handlers are ``receiveMsg_<TypeName>(self, message, sender)``."""

    dispatcher: ClassVar[str] = "core"
    """Where our engine runs the handlers: core, store, io or loop. One that may block must not be on core."""

    fails_whole: ClassVar[bool] = False
    """Whether a handler that raises is this actor's death. So it is for one that holds leases: with half of a message
    done, some would be held by nobody; its parent gives all of them back instead, and makes a new one."""

    at_rest = False
    """Whether the actor may end with its parent without being told: it does nothing, and nobody waits for its end."""

    few_messages: ClassVar[bool] = False
    """Whether few messages ever wait for such an actor, of which there are many: on our engine it needs less memory."""

    _named: ClassVar[dict[str, Handler]] = {}
    _handlers: ClassVar[dict[type, Handler | None]] = {}  # our engine reads it, past deliver()
    _system_handlers: ClassVar[dict[type, Handler | None]] = {}  # ActorSystemMessages: never past deliver()

    _sender: Address | None = None
    _timers: Timers | None = None
    _asks: dict[int, tuple[Callable[[Any], None], Callable[[], None] | None]] | None = None
    _carrier: Extras | None = None

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        prefix = "receiveMsg_"
        cls._named = {name[len(prefix) :]: getattr(cls, name) for name in dir(cls) if name.startswith(prefix)}
        # By class: filled as messages come, because an annotation may name a type that does not exist yet.
        cls._handlers = {}
        cls._system_handlers = {}

    # -- sending ---------------------------------------------------------------------------------------------------

    @property
    def sender(self) -> Address:
        """Who sent the message that is being handled."""
        return self._sender

    def send(self, address: Address, message: object) -> None:
        """Send; messages from one actor to another arrive in the order they were sent."""
        (self._carrier or self._extras).actor_send(address, message)

    def reply(self, message: object) -> None:
        """Answer the message that is being handled."""
        self._extras.reply(message)

    def ask(
        self,
        address: Address,
        message: object,
        on_reply: Callable[[Any], None],
        timeout_seconds: float,
        on_timeout: Callable[[], None] | None = None,
    ) -> None:
        """Send, and call ``on_reply`` with the answer, or ``on_timeout`` once it is certain that none will come."""
        if self._asks is None:
            self._asks = {}
        number = self._extras.ask(address, message, timeout_seconds)
        self._asks[number] = on_reply, on_timeout

    # -- life ------------------------------------------------------------------------------------------------------

    def spawn(self, cls: type[Any], first_message: object | None = None) -> Address:
        """Make a child, and send it its first message."""
        return self._extras.spawn(cls, first_message)

    def stop_self(self) -> None:
        """End, and the children with it; no further message is handled. The parent hears: normal."""
        self._extras.stop_self()

    def stop_child(self, address: Address) -> None:
        """Tell a child to end, and its children with it, once it has handled what it was sent. It ends: killed."""
        self._myRef.actor_send(address, ActorExitRequest())

    def watch(self, address: Address) -> None:
        """Have ``watched_exited`` called when that actor, which need not be a child, ends or has ended."""
        self._extras.watch(address)

    def child_exited(self, address: Address, reason: ExitReason) -> None:
        """A child ended. Override it to react."""

    def watched_exited(self, address: Address, reason: ExitReason) -> None:
        """A watched actor ended: treated as a child's end unless it is overridden."""
        self.child_exited(address, reason)

    # -- work ------------------------------------------------------------------------------------------------------

    @property
    def timers(self) -> Timers:
        """This actor's timers."""
        timers = self._timers
        if timers is None:
            timers = self._timers = Timers(self._extras)
        return timers

    def run_body(self, dispatcher: str, function: Callable[[], Any], *, key: int = 0) -> Body:
        """Run ``function`` on a dispatcher; the message it returns comes to this actor as one from itself.

        On ``loop`` the function returns a coroutine, and that returns the message. If it raises, ``BodyFailed`` comes.
        """
        return self._extras.run_body(dispatcher, function, key)

    def resource(self, name: str) -> Any:
        """An object of the process that carries this actor.

        Raises:
            KeyError: there is none of that name.
        """
        return self._extras.resource(name)

    def handler_failed(self, message: object, sender: Address, error: Exception) -> None:
        """A handler raised; it is logged and counted already. By default an asked message is answered."""
        if self._extras.is_asked(sender):
            self.reply(HandlerFailed(type(error).__name__, str(error)))

    # -- receiving -------------------------------------------------------------------------------------------------

    def receiveMessage(self, message: object, sender: Address) -> None:
        """Thespian's entry, for bases other than our own engine, which calls ``deliver``."""
        self._extras.receive(message, sender)

    def deliver(self, message: Any, sender: Address) -> Any:
        """Handle one message; returns what the handler returned. Nothing but SystemExit and the like escapes."""
        self._sender = sender
        system_message = isinstance(message, ActorSystemMessage)
        handlers = self._system_handlers if system_message else self._handlers
        try:
            handler = handlers[type(message)]
        except KeyError:
            handler = handlers[type(message)] = self._find_handler(type(message))
            if handler is None and not system_message:
                logger.warning(
                    "%s has no receiveMsg_%s; further messages of this type are dropped without a word",
                    type(self).__qualname__,
                    type(message).__qualname__,
                )
        try:
            if handler is not None:
                return handler(self, message, sender)
            self._not_understood(message, sender)
        except Exception as error:  # noqa: BLE001 (the edge: it is logged and answered there)
            self.handler_raised(message, sender, error)
        return None

    def handler_raised(self, message: object, sender: Address, error: Exception) -> None:
        """The edge: an exception becomes a log line, a count and a call of ``handler_failed``."""
        self._extras.count_failure()
        logger.error(
            "%s.receiveMsg_%s failed", type(self).__qualname__, type(message).__qualname__, exc_info=error
        )
        try:
            self.handler_failed(message, sender, error)
        except Exception:
            logger.exception("%s.handler_failed failed", type(self).__qualname__)
        if self.fails_whole:
            self.send(self.myAddress, Collapse())

    def receiveMsg_Collapse(self, message: Collapse, sender: Address) -> None:
        """A handler raised, and that is this actor's end."""
        raise SystemExit(1)

    def receiveMsg_ChildActorExited(self, message: ChildActorExited, sender: Address) -> None:
        """Thespian's notice of a child's end, or our engine's with its reason."""
        reason: ExitReason = getattr(message, "reason", "error")
        if getattr(message, "watched", False):
            self.watched_exited(message.childAddress, reason)
        else:
            self.child_exited(message.childAddress, reason)

    def receiveMsg_AskEnded(self, message: AskEnded, sender: Address) -> None:
        """An ask of this actor came to its end: go on where it was left."""
        on_reply, on_timeout = (self._asks or {}).pop(message.number, (None, None))
        if message.missing:
            if on_timeout is not None:
                on_timeout()
        elif on_reply is not None:
            on_reply(message.reply)

    @classmethod
    def _find_handler(cls, message_type: type) -> Handler | None:
        """By the name of the type, then of its parents; an annotation that is a class of that name must be it."""
        for each in message_type.__mro__:
            handler = cls._named.get(each.__name__)
            if handler is not None and _takes(handler, each):
                return handler
        return None

    def _not_understood(self, message: object, sender: Address) -> None:
        if isinstance(message, ActorSystemMessage):
            return
        self._extras.count_failure()
        if self._extras.is_asked(sender):
            self.reply(NotUnderstood(type(message).__qualname__, type(self).__qualname__))

    @property
    def _extras(self) -> Extras:
        carrier = self._carrier
        if carrier is None:
            reference: Any = self._myRef
            if hasattr(reference, "run_body"):
                carrier = reference
            else:
                from actors.portable import PortableExtras

                carrier = PortableExtras(self)
            self._carrier = carrier
        return carrier


def _takes(handler: Handler, message_type: type) -> bool:
    """Whether the handler's annotation allows the type: two modules may each have a message of one name."""
    annotations = [kind for name, kind in handler.__annotations__.items() if name not in {"sender", "return"}]
    if not annotations:
        return True
    wanted = annotations[0]
    if isinstance(wanted, str):
        wanted = getattr(handler, "__globals__", {}).get(wanted.strip("'\""))
    if not isinstance(wanted, type) or wanted.__name__ != message_type.__name__:
        return True
    return wanted is message_type
