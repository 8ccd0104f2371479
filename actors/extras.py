"""What TypedActor asks of whatever carries it, beyond Thespian's own interface."""

from collections.abc import Callable
from typing import Any, Protocol

from thespian.actors import ActorAddress


class Body(Protocol):
    """A running body: what ``run_body`` returns."""

    key: int

    def cancel(self) -> None:
        """On the loop: cancel its task, and ``BodyFailed`` follows if it lets itself be cancelled. Else nothing."""
        ...

    def abandon(self, returned: tuple[ActorAddress, object] | None = None) -> None:
        """Give it up: nothing of it is ever delivered, and its thread no longer counts as one of the pool's.

        ``returned``: whom to tell what once it runs no more; at once if it does not run.
        """
        ...


class Timer(Protocol):
    """A started timer."""

    def cancel(self) -> None:
        """Its message will not be delivered, even if it is already under way."""
        ...


class Extras(Protocol):
    """What TypedActor needs beyond Thespian's interface: our engine's ``_myRef`` has it, PortableExtras makes it."""

    def actor_send(self, address: ActorAddress, message: object) -> None:
        """Send to an address."""
        ...

    def reply(self, message: object) -> None:
        """Answer the message that is being handled."""
        ...

    def is_asked(self, sender: ActorAddress | None) -> bool:
        """Whether that sender waits for an answer."""
        ...

    def spawn(self, cls: type[Any], first_message: object | None) -> ActorAddress:
        """Make a child and send it its first message."""
        ...

    def stop_self(self) -> None:
        """End after the message that is being handled."""
        ...

    def ask(self, address: ActorAddress, message: object, timeout_seconds: float) -> int:
        """Send; an ``AskEnded`` of the number returned here will come."""
        ...

    def start_timer(self, seconds: float, message: object) -> Timer:
        """Deliver a message to this actor later."""
        ...

    def run_body(self, dispatcher: str, function: Callable[[], Any], key: int) -> Body:
        """Run a function on a dispatcher; what it returns comes as a message."""
        ...

    def watch(self, address: ActorAddress) -> None:
        """Have the end of that actor reported."""
        ...

    def resource(self, name: str) -> Any:
        """An object of the carrying process. Raises KeyError."""
        ...

    def count_failure(self) -> None:
        """One more message of this actor went wrong."""
        ...

    def receive(self, message: object, sender: ActorAddress) -> None:
        """Take what the base delivered, and hand it to the actor."""
        ...


class Timers:
    """An actor's timers by key. Their messages come to the actor as from itself, first due first."""

    __slots__ = ("_extras", "_started")

    def __init__(self, extras: Extras) -> None:
        self._extras = extras
        self._started: dict[str, Timer] = {}

    def start(self, key: str, seconds: float, message: object) -> None:
        """Deliver ``message`` in ``seconds``; a timer of that key that was started before is replaced."""
        previous = self._started.get(key)
        if previous is not None:
            previous.cancel()
        self._started[key] = self._extras.start_timer(seconds, message)

    def cancel(self, key: str) -> None:
        """The timer of that key, if there is one, will not fire."""
        timer = self._started.pop(key, None)
        if timer is not None:
            timer.cancel()

    def cancel_all(self) -> None:
        """No timer will fire."""
        for timer in self._started.values():
            timer.cancel()
        self._started.clear()
