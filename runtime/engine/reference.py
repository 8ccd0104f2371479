"""What an actor holds as ``_myRef``: Thespian's thirteen methods, and the extras TypedActor makes use of.

All are called in the actor's own turn, so they may touch its cell freely.
"""

from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from thespian.actors import ActorAddress, WakeupMessage
from thespian.system.timing import timePeriodSeconds

from runtime.engine.address import EngineAddress
from runtime.engine.bodies import EngineBody
from runtime.engine.order import Order
from runtime.engine.ports import ActorPort

if TYPE_CHECKING:
    from runtime.engine.cell import ActorCell
    from runtime.engine.timers import EngineTimer


class ActorReference:
    """An actor's way out."""

    __slots__ = ("address", "cell")

    def __init__(self, cell: "ActorCell") -> None:
        self.cell = cell
        self.address: EngineAddress = cell.address

    # -- Thespian's -------------------------------------------------------------------------------------------------

    @property
    def globalName(self) -> str | None:
        """The name this actor was created under."""
        return self.cell.global_name

    def actor_send(self, address: ActorAddress, message: object) -> None:
        """Send."""
        engine = self.cell.engine
        if engine.encode is not None:
            message = engine.encode(message)
        if address.__class__ is EngineAddress:
            address.cell.post(message, self.address)
        else:
            engine.dead_letters.post(address, message, self.address)

    def createActor(
        self,
        spec: Any,
        requirements: dict[str, Any] | None = None,
        global_name: str | None = None,
        source_hash: str | None = None,
    ) -> ActorAddress:
        """Make a child, or find the actor of that global name."""
        cell = self.cell
        return cell.engine.create_child(cell, Order(spec, requirements, global_name, source_hash))

    def wakeupAfter(self, period: timedelta | float, payload: object = None) -> None:
        """Have a WakeupMessage sent to this actor."""
        message = WakeupMessage(period, payload)
        self.cell.engine.timers.start(self.cell, timePeriodSeconds(period), message)

    def handleDeadLetters(self, address: ActorAddress, enable: bool) -> None:  # noqa: FBT001 (Thespian's)
        """Have dead letters delivered to that actor; the last one to ask gets them."""
        self.cell.engine.dead_letters.handle(address, enable=enable)

    def registerSourceAuthority(self, address: ActorAddress) -> None:
        """That actor decides which sources may be loaded."""
        self.cell.engine.sources.authority = address

    def notifyOnSystemRegistrationChanges(self, address: ActorAddress, enable: bool) -> None:  # noqa: FBT001
        """Nothing: no other system ever registers with one that lives in one process."""

    def updateCapability(self, name: str, value: object = None) -> None:
        """Change what the system offers; actors it no longer suits are told to exit."""
        self.cell.engine.update_capability(name, value)

    def loadActorSource(self, source: Any) -> str:
        """Load a source, if the source authority validates it."""
        return self.cell.engine.sources.load(source)

    def unloadActorSource(self, source_hash: str) -> None:
        """Forget a source."""
        self.cell.engine.sources.unload(source_hash)

    def notifyOnSourceAvailability(self, address: ActorAddress, enable: bool) -> None:  # noqa: FBT001
        """Tell that actor which sources come and go."""
        self.cell.engine.sources.notify(address, enable=enable)

    def preRegisterRemoteSystem(self, address: object, capabilities: Mapping[str, object]) -> None:
        """Nothing: there are no remote systems."""

    def deRegisterRemoteSystem(self, address: object) -> None:
        """Nothing: there are no remote systems."""

    def actorSystemShutdown(self) -> None:
        """Close the engine, from a thread of its own: this one has to go on."""
        self.cell.engine.close_soon()

    # -- extras -----------------------------------------------------------------------------------------------------

    def reply(self, message: object) -> None:
        """Answer the message that is being handled."""
        self.actor_send(self.cell.actor._sender, message)

    def is_asked(self, sender: ActorAddress | None) -> bool:
        """Whether that sender is a reply port."""
        return sender.__class__ is EngineAddress and sender.cell.is_port

    def spawn(self, actor_class: type[Any], first_message: object | None) -> ActorAddress:
        """Make a child and send it its first message."""
        address = self.cell.engine.create_child(self.cell, Order(actor_class))
        if first_message is not None:
            self.actor_send(address, first_message)
        return address

    def stop_self(self) -> None:
        """End after the message that is being handled."""
        self.cell.stop()

    def ask(self, address: ActorAddress, message: object, timeout_seconds: float) -> int:
        """Send from a port of its own, to which the answer comes back."""
        engine = self.cell.engine
        number = next(engine.numbers)
        port = ActorPort(self.cell, number)
        if engine.encode is not None:
            message = engine.encode(message)
        port.start(timeout_seconds)
        engine.ask_through(port, address, message)
        return number

    def start_timer(self, seconds: float, message: object) -> "EngineTimer":
        """Deliver a message to this actor later."""
        return self.cell.engine.timers.start(self.cell, seconds, self.cell.engine.passed(message))

    def run_body(self, dispatcher: str, function: Callable[[], Any], key: int) -> EngineBody:
        """Run a function on a dispatcher; what it returns comes as a message."""
        return self.cell.engine.run_body(self.cell, dispatcher, function, key)

    def watch(self, address: ActorAddress) -> None:
        """Have the end of that actor reported."""
        self.cell.engine.watch(self.cell, address)

    def resource(self, name: str) -> Any:
        """An object the engine was opened with."""
        return self.cell.engine.resource(name)

    def count_failure(self) -> None:
        """One more message of this actor went wrong."""
        self.cell.failed += 1

    def receive(self, message: object, sender: ActorAddress) -> None:
        """A message that came by Thespian's own entry, from a decorated class: as any other."""
        self.cell.actor.deliver(message, sender)
