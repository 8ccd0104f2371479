"""Messages between the engine and its cells. They are handled by the cell; an actor never sees one."""

from typing import TYPE_CHECKING

from thespian.actors import ActorSystemMessage

if TYPE_CHECKING:
    from runtime.engine.cell import ActorCell


class Control(ActorSystemMessage):
    """One of them."""


class Start(Control):
    """Make the actor, on its own dispatcher."""


class ExitChildren(Control):
    """Tell the next slice of children to exit."""

    def __init__(self, cells: "list[ActorCell]") -> None:
        self.cells = cells


class Kill(Control):
    """The engine ends this actor; passes whatever waits in the mailbox."""


class CheckCapabilities(Control):
    """What the system offers has changed: an actor it no longer suits has to exit."""
