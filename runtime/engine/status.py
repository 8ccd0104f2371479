"""The answer of an actor to Thespian's status request."""

from typing import TYPE_CHECKING

from thespian.system.messages.status import Thespian_ActorStatus
from thespian.system.timing import ExpirationTimer

if TYPE_CHECKING:
    from runtime.engine.cell import ActorCell


def status_of(cell: "ActorCell") -> Thespian_ActorStatus:
    """What Thespian's tools show of an actor."""
    engine = cell.engine
    status = Thespian_ActorStatus(
        cell.address,
        cell.plan.name,
        engine.address,
        cell.parent.address if cell.parent is not None else engine.address,
        cell.source_hash,
        cell.state > 0 or None,
    )
    for child in cell.children or ():
        status.addChild(child.address)
    for message, sender in tuple(cell.mailbox or ()):
        status.addReceivedMessage(sender, cell.address, message)
    status.addWakeups([(cell.address, ExpirationTimer(each)) for each in engine.timers.waiting_for(cell)])
    return status
