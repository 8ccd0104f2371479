"""Messages that reach nobody: those who wait for an answer are told, and one actor may have the rest."""

from typing import TYPE_CHECKING

from thespian.actors import ActorAddress, ChildActorExited, DeadEnvelope, PoisonMessage

from runtime.engine.address import EngineAddress
from runtime.engine.control import Control
from runtime.engine.ending import DEAD
from runtime.engine.timers import EngineTimer

if TYPE_CHECKING:
    from runtime.engine.cell import ActorCell


class DeadLetters:
    """The last actor that asks for dead letters gets them, each in a DeadEnvelope, until it ends."""

    def __init__(self) -> None:
        self.count = 0
        self.handler: EngineAddress | None = None

    def undelivered(self, cell: "ActorCell", message: object, sender: EngineAddress | None) -> None:
        """A message for an actor that has ended, or is about to."""
        if isinstance(message, (Control, EngineTimer)):
            return
        if sender is not None:
            sender.cell.missing(f"{cell.plan.name} {cell.address} has ended ({cell.reason})")
            if cell.aborted and cell.parent is not None and not isinstance(message, PoisonMessage):
                sender.cell.post(PoisonMessage(message, "Child Aborted"), cell.address)
                return
        if cell.state == DEAD:
            self.post(cell.address, message, sender)

    def post(self, address: ActorAddress, message: object, sender: EngineAddress | None) -> None:
        """A message for nobody."""
        self.count += 1
        handler = self.handler
        if handler is not None and not isinstance(message, (DeadEnvelope, ChildActorExited)):
            handler.cell.post(DeadEnvelope(address, message), sender)

    def handle(self, address: ActorAddress, *, enable: bool) -> None:
        """That actor asks for dead letters, or no longer wants them."""
        if enable and isinstance(address, EngineAddress):
            self.handler = address
        elif self.handler is address:
            self.handler = None
