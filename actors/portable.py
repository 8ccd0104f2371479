"""What carries a TypedActor on Thespian's own bases, made of the thirteen methods every ``_myRef`` has.

Messages travel as a ``Wire``: MessagePack bytes with the addresses beside them, so that nothing but that envelope is
pickled. An ask is a number in the envelope, and its sender's address remembers it; a timer is a wake-up with a number,
and first due is first delivered; a reason is a farewell to the parent, which every child is introduced to. Bodies run
within the handler, because these bases have a process for each actor; strangers can not be watched.
"""

import importlib
from collections.abc import Callable
from typing import Any

import msgspec
from thespian.actors import (
    ActorAddress,
    ActorExitRequest,
    ActorSystemMessage,
    ChildActorExited,
    WakeupMessage,
)

from actors.encoding import decode_message, encode_message
from actors.receive import AskEnded, BodyFailed, ExitReason, TypedActor
from actors.seams import SystemClock

RESOURCE_CAPABILITY = "quaero.resource."
"""Before a resource's name: the capability whose value, "module:name", says what to import for it."""


class NotCarriedError(NotImplementedError):
    """Only our own engine can do that."""


class Wire:
    """A message on its way to another process."""

    def __init__(
        self, message: msgspec.Struct, *, ask_number: int | None = None, reply_to: int | None = None
    ) -> None:
        message_type = type(message)
        self.message_type = f"{message_type.__module__}:{message_type.__qualname__}"
        self.data, self.addresses = encode_message(message)
        self.ask_number = ask_number
        self.reply_to = reply_to

    def __repr__(self) -> str:
        return f"<Wire({self.message_type}, {len(self.data)} bytes)>"

    def opened(self) -> Any:
        """The message."""
        return decode_message(_named(self.message_type), self.data, self.addresses)


class Introduction(ActorSystemMessage):
    """The first message of a child: its sender is the parent."""


class Farewell(ActorSystemMessage):
    """The last message to the parent: why the child ends."""

    def __init__(self, reason: ExitReason) -> None:
        self.reason = reason


class AskingAddress(ActorAddress):
    """The address of one who asks: what is sent to it answers that ask."""

    def __init__(self, address: ActorAddress, ask_number: int) -> None:
        super().__init__(address.addressDetails)
        self.ask_number = ask_number


class PortableTimer:
    """A timer that can be cancelled, though the wake-up can not."""

    def __init__(self, due: float, message: object) -> None:
        self.due = due
        self.message = message
        self.active = True

    def cancel(self) -> None:
        """Its message will not be delivered."""
        self.active = False


class FinishedBody:
    """A body that ran within the handler that started it."""

    def __init__(self, key: int, send: Callable[[ActorAddress, object], None]) -> None:
        self.key = key
        self._send = send

    def cancel(self) -> None:
        """It has ended."""

    def abandon(self, returned: tuple[ActorAddress, object] | None = None) -> None:
        """It has ended."""
        if returned is not None:
            self._send(*returned)


class PortableExtras:
    """The extras of one actor."""

    def __init__(self, actor: TypedActor) -> None:
        self._actor = actor
        self._reference: Any = actor._myRef  # noqa: SLF001 (Thespian has no other name for it)
        self._parent: ActorAddress | None = None
        self._farewells: list[tuple[ActorAddress, ExitReason]] = []
        self._timers: dict[int, PortableTimer] = {}
        self._number = 0
        self._stopping = False
        self.failures = 0

    # -- sending ---------------------------------------------------------------------------------------------------

    def actor_send(self, address: ActorAddress, message: object) -> None:
        """Send to an address; to one who asks, as the answer."""
        reply_to = getattr(address, "ask_number", None)
        if reply_to is not None:
            address = ActorAddress(address.addressDetails)
        if isinstance(message, msgspec.Struct):
            message = Wire(message, reply_to=reply_to)
        self._reference.actor_send(address, message)

    def reply(self, message: object) -> None:
        """Answer the message that is being handled."""
        self.actor_send(self._actor.sender, message)

    def is_asked(self, sender: ActorAddress | None) -> bool:
        """Whether that sender waits for an answer."""
        return isinstance(sender, AskingAddress)

    def ask(self, address: ActorAddress, message: object, timeout_seconds: float) -> int:
        """Send; an ``AskEnded`` of the number returned here will come."""
        if not isinstance(message, msgspec.Struct):
            raise TypeError(f"only a msgspec Struct can be asked, got {type(message).__qualname__}")
        self._number += 1
        self._reference.actor_send(address, Wire(message, ask_number=self._number))
        self._reference.wakeupAfter(timeout_seconds, ("quaero.ask", self._number))
        return self._number

    # -- life ------------------------------------------------------------------------------------------------------

    def spawn(self, cls: type[Any], first_message: object | None) -> ActorAddress:
        """Make a child, introduce its parent and send it its first message."""
        address = self._reference.createActor(cls, None, None, None)
        if issubclass(cls, TypedActor):
            self._reference.actor_send(address, Introduction())
        if first_message is not None:
            self.actor_send(address, first_message)
        return address

    def stop_self(self) -> None:
        """End after the message that is being handled."""
        if not self._stopping:
            self._stopping = True
            self._say_farewell("normal")
            self._reference.actor_send(self._reference.address, ActorExitRequest())

    def watch(self, address: ActorAddress) -> None:
        """Not on these bases."""
        raise NotCarriedError(
            f"{address} can not be watched: only the quaero engine watches actors that are no children"
        )

    def _say_farewell(self, reason: ExitReason) -> None:
        if self._parent is not None:
            self._reference.actor_send(self._parent, Farewell(reason))

    # -- work ------------------------------------------------------------------------------------------------------

    def start_timer(self, seconds: float, message: object) -> PortableTimer:
        """Deliver a message to this actor later."""
        self._number += 1
        timer = PortableTimer(SystemClock.monotonic() + seconds, message)
        self._timers[self._number] = timer
        self._reference.wakeupAfter(seconds, ("quaero.timer", self._number))
        return timer

    def run_body(self, _dispatcher: str, function: Callable[[], Any], key: int) -> FinishedBody:
        """Run a function here and now; what it returns comes as a message."""
        try:
            result = function()
            if hasattr(result, "__await__"):
                import asyncio

                result = asyncio.run(result)
        except BaseException as error:  # noqa: BLE001 (also SystemExit is the body's failure)
            import traceback

            text = "".join(traceback.format_exception(error))
            result = BodyFailed(type(error).__name__, str(error), text, key)
        self.actor_send(self._reference.address, result)
        return FinishedBody(key, self.actor_send)

    def resource(self, name: str) -> Any:
        """What the capability of that name says to import.

        Raises:
            KeyError: there is no such capability.
        """
        capability = RESOURCE_CAPABILITY + name
        path = getattr(self._reference, "capabilities", {}).get(capability)
        if path is None:
            raise KeyError(f"no resource {name!r}: the actor system has no capability {capability!r}")
        return _named(path)

    def count_failure(self) -> None:
        """One more message of this actor went wrong."""
        self.failures += 1

    # -- receiving -------------------------------------------------------------------------------------------------

    def receive(self, message: object, sender: ActorAddress) -> None:
        """Take what the base delivered."""
        try:
            self._receive(message, sender)
        except SystemExit:
            self._say_farewell("error")
            raise

    def _receive(self, message: object, sender: ActorAddress) -> None:
        if isinstance(message, Introduction):
            self._parent = sender
        elif isinstance(message, Farewell):
            self._farewells.append((sender, message.reason))
        elif isinstance(message, ChildActorExited):
            self._take_leave(message)
            self._actor.deliver(message, sender)
        elif isinstance(message, ActorExitRequest):
            if not self._stopping:
                self._stopping = True
                self._say_farewell("killed")
            self._actor.deliver(message, sender)
        elif self._stopping:
            return
        elif isinstance(message, Wire):
            self._open(message, sender)
        elif isinstance(message, WakeupMessage) and isinstance(message.payload, tuple):
            self._wake_up(message)
        else:
            self._actor.deliver(message, sender)

    def _open(self, wire: Wire, sender: ActorAddress) -> None:
        message = wire.opened()
        if wire.reply_to is not None:
            self._actor.deliver(AskEnded(wire.reply_to, message), sender)
        elif wire.ask_number is not None:
            self._actor.deliver(message, AskingAddress(sender, wire.ask_number))
        else:
            self._actor.deliver(message, sender)

    def _wake_up(self, message: WakeupMessage) -> None:
        own = self._reference.address
        match message.payload:
            case ("quaero.ask", int(number)):
                self._actor.deliver(AskEnded(number, None, missing=True), own)
            case ("quaero.timer", int(number)):
                self._fire(number)
            case _:
                self._actor.deliver(message, own)

    def _fire(self, number: int) -> None:
        """Deliver that timer's message, after those of all that were due before it.

        Thespian hands out in reverse what expired together. A timer that was delivered with a later one is not known
        here any more when its own wake-up comes.
        """
        last = self._timers.get(number)
        if last is None:
            return
        due = sorted((timer.due, each) for each, timer in self._timers.items() if timer.due <= last.due)
        for _, each in due:
            timer = self._timers.pop(each)
            if timer.active and not self._stopping:
                self._actor.deliver(timer.message, self._reference.address)

    def _take_leave(self, message: ChildActorExited) -> None:
        for place, (address, reason) in enumerate(self._farewells):
            if address == message.childAddress:
                message.reason = reason
                del self._farewells[place]
                return


def ask_from_outside(system: Any, address: ActorAddress, message: msgspec.Struct, seconds: float) -> Any:
    """Ask an actor of one of Thespian's own bases from a host thread; None if no answer came in time."""
    with system.private() as outside:
        reply = outside.ask(address, Wire(message, ask_number=0), seconds)
    return reply.opened() if isinstance(reply, Wire) else reply


def _named(path: str) -> Any:
    module, _, name = path.partition(":")
    found: Any = importlib.import_module(module)
    for part in name.split("."):
        found = getattr(found, part)
    return found
