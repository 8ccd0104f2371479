"""How an actor ends: at once, or after its children, whom it tells to exit. Called by whoever holds its turn.

An actor ends once. At its end every waiting message becomes a dead letter, every unanswered ask is told, and then the
parent gets ``ActorExited`` - after everything the actor had sent it.
"""

from typing import TYPE_CHECKING

from thespian.actors import ActorAddress, ActorExitRequest

from actors.receive import ActorExited
from runtime.engine.control import ExitChildren, Kill
from runtime.engine.mailbox import popper

if TYPE_CHECKING:
    from runtime.engine.cell import ActorCell

RUNNING, STOPPING, EXITING, DEAD = range(4)
"""STOPPING: it asked for its own end within the message that is being handled. EXITING: it waits for its children."""

EXIT_SLICE = 1000
"""Children told to exit in one turn, so that an actor with 100 000 of them stops nobody else."""


def begin_exit(cell: "ActorCell", *, recursive: bool) -> None:
    """End: now, or once all children have ended; not ``recursive``: now, and the children live on as orphans."""
    if cell.state >= EXITING:
        return
    cell.state = EXITING
    children = list(cell.children or ())
    if recursive and children:
        exit_children(cell, children)
        return
    for child in children:
        child.parent = None
    end(cell)


def exit_children(cell: "ActorCell", children: "list[ActorCell]") -> None:
    """Tell a slice of children to exit, and the rest in later turns."""
    closing = cell.engine.closing
    for child in children[:EXIT_SLICE]:
        if not closing and not _at_rest(child):
            child.post(ActorExitRequest(), cell.address)
        elif _at_rest(child) and child.turn.acquire(False):  # noqa: FBT003
            _end_here(cell, child)
        elif child.children or child.plan.hears_exit or not child.turn.acquire(False):  # noqa: FBT003
            child.post_first(Kill())
        else:
            _end_here(cell, child)
    if len(children) > EXIT_SLICE:
        cell.post_first(ExitChildren(children[EXIT_SLICE:]))
    elif not cell.children:
        end(cell)


def _at_rest(child: "ActorCell") -> bool:
    """Whether it is a TypedActor that has nothing to do, nothing to say and nobody below: no message is needed."""
    return not child.mailbox and not child.children and getattr(child.actor, "at_rest", False)


def _end_here(cell: "ActorCell", child: "ActorCell") -> None:
    """Nobody runs it and nothing is to be asked of it: it ends in its parent's turn. The caller has taken its turn."""
    child.reason, child.parent = "killed", None
    begin_exit(child, recursive=True)
    child.give_turn_back()
    if cell.children is not None:
        cell.children.pop(child, None)


def child_ended(cell: "ActorCell", address: ActorAddress) -> None:
    """A child has ended, and the actor knows."""
    child = getattr(address, "cell", None)
    if cell.children is None or child not in cell.children:
        return
    # What the parent still sends there is a dead letter from now on, and does not come back.
    child.aborted = False
    del cell.children[child]
    if not cell.children and cell.state == EXITING:
        end(cell)


def end_by_engine(cell: "ActorCell") -> None:
    """The engine is closing, or does not suit the actor any more."""
    if cell.state != RUNNING:
        return
    if cell.plan.hears_exit and cell.actor is not None:
        cell.take(ActorExitRequest(), None)
        return
    cell.reason = "killed"
    begin_exit(cell, recursive=True)


def die_of(cell: "ActorCell", error: SystemExit) -> None:
    """SystemExit in a handler: this actor's death, and nobody else's."""
    cell.engine.report_death(cell, error)
    cell.reason = "error"
    begin_exit(cell, recursive=True)


def end(cell: "ActorCell") -> None:
    """The end."""
    if cell.state == DEAD:
        return
    actor, cell.actor = cell.actor, None
    with cell.engine.lock:  # a watcher comes before it, or sees it
        cell.state = DEAD
    cell.engine.forget(cell, actor)
    mailbox = cell.mailbox
    while mailbox:
        message, sender = popper(mailbox)(mailbox)
        cell.engine.dead_letters.undelivered(cell, message, sender)
    interested = cell.interested
    if interested is not None:
        for port in list(interested.ports):
            port.missing(f"{cell.plan.name} {cell.address} ended ({cell.reason}) without a reply")
        for body in list(interested.bodies):
            body.abandon()
        for watcher in interested.watchers:
            watcher.post(ActorExited(cell.address, cell.reason, watched=True), cell.address)
    if cell.parent is not None:
        cell.parent.post(ActorExited(cell.address, cell.reason), cell.address)
