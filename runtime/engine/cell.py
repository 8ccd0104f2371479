"""The cell of an actor: its mailbox and its turns. How it ends is in ``ending``.

Invariants, whatever thread posts:

- ``turn`` is a test-and-set flag. Whoever takes it enqueues the cell; it is given back at the end of the turn, and
  the mailbox is looked at again after that. So a cell is in a ready queue, or running, at most once, and a message
  that is in the mailbox is never forgotten.
- Only the thread that holds the turn touches ``actor``, ``children`` and ``state``.
- Messages are handled in the order they were posted; control messages of the engine pass them.
"""

from threading import Lock
from typing import TYPE_CHECKING, Any, ClassVar

from thespian.actors import ActorExitRequest, ActorSystemMessage, ChildActorExited

from actors.receive import ExitReason
from runtime.engine.address import EngineAddress
from runtime.engine.control import Control, ExitChildren, Kill, Start
from runtime.engine.ending import (
    DEAD,
    RUNNING,
    STOPPING,
    begin_exit,
    child_ended,
    die_of,
    end,
    end_by_engine,
    exit_children,
)
from runtime.engine.interest import Interest
from runtime.engine.mailbox import Mailbox, popper
from runtime.engine.ports import AskOver
from runtime.engine.timers import EngineTimer

if TYPE_CHECKING:
    from runtime.engine.engine import Engine
    from runtime.engine.plan import ActorPlan
    from runtime.engine.receiver import Dispatcher

SAMPLE = 15
"""A mask: of every sixteenth message of an actor the times are measured. Actors begin at different ones, or all of the
many that handle but a few messages would be measured with their first."""


class ActorCell:
    """One actor of the engine, from its creation until nobody holds its address any more."""

    __slots__ = (
        "aborted",
        "actor",
        "address",
        "busy_seconds",
        "children",
        "dispatcher",
        "engine",
        "failed",
        "global_name",
        "handled",
        "handlers",
        "interested",
        "mailbox",
        "parent",
        "phase",
        "plan",
        "queued_at",
        "ran_bodies",
        "reason",
        "requirements",
        "sampled_messages",
        "sampled_turns",
        "source_hash",
        "state",
        "turn",
        "waited_seconds",
    )

    is_port: ClassVar[bool] = False

    def __init__(self, engine: "Engine", parent: "ActorCell | None", plan: "ActorPlan") -> None:
        self.engine = engine
        number = next(engine.numbers)
        self.address: EngineAddress = EngineAddress(self, number)
        self.phase = number & SAMPLE
        self.parent = parent
        self.plan = plan
        self.handlers = plan.handlers
        self.dispatcher: Dispatcher = plan.dispatcher
        self.actor: Any = None
        self.mailbox: Mailbox | None = None
        self.turn = Lock()
        self.state = RUNNING
        self.reason: ExitReason = "normal"
        self.aborted = False  # it could not start, and its parent has not heard of it yet
        self.children: dict[ActorCell, None] | None = None
        self.interested: Interest | None = None
        self.ran_bodies = False  # on the io or cpu dispatcher
        self.global_name: str | None = None
        self.requirements: dict[str, Any] | None = None
        self.source_hash: str | None = None
        self.handled = 0
        self.failed = 0
        self.queued_at = 0.0
        self.sampled_turns = 0
        self.sampled_messages = 0
        self.waited_seconds = 0.0  # of the first messages of the sampled turns
        self.busy_seconds = 0.0  # with all messages of the sampled turns

    def __repr__(self) -> str:
        return f"<ActorCell({self.plan.name}, {self.address})>"

    @property
    def engine_name(self) -> str:
        """Names the engine."""
        return self.engine.name

    # -- the mailbox -----------------------------------------------------------------------------------------------

    def post(self, message: object, sender: EngineAddress | None) -> None:
        """Put a message into the mailbox, and the cell into the ready queue if it is in none."""
        if self.state == DEAD:
            self.engine.dead_letters.undelivered(self, message, sender)
            return
        mailbox = self.mailbox
        if mailbox is None:
            mailbox = self.make_mailbox()
        mailbox.append((message, sender))
        if self.turn.acquire(False):  # noqa: FBT003 (a keyword costs a quarter of the call)
            if self.handled & SAMPLE == self.phase:
                self.queued_at = self.engine.now()
            self.dispatcher.enqueue(self)

    def post_first(self, message: object) -> None:
        """A control message: it passes what waits in the mailbox."""
        self.make_mailbox().insert(0, (message, None))
        if self.turn.acquire(False):  # noqa: FBT003
            self.dispatcher.enqueue(self)

    def post_result(self, message: object) -> None:
        """What a body returned: an ordinary message of the actor to itself, unless it ended meanwhile."""
        if self.state != DEAD:
            self.post(self.engine.passed(message), self.address)

    def missing(self, reason: str) -> None:
        """Only ports wait for replies."""

    def make_mailbox(self) -> Mailbox:
        """The mailbox: an actor that nobody has sent anything has none."""
        with self.engine.lock:
            if self.mailbox is None:
                self.mailbox = self.plan.mailbox()
            return self.mailbox

    # -- turns -----------------------------------------------------------------------------------------------------

    def run_turn(self) -> None:
        """Handle what waits, some messages at most. The caller holds the turn."""
        mailbox = self.mailbox
        if mailbox is None:
            mailbox = self.make_mailbox()
        queued_at, before, started = self.queued_at, self.handled, 0.0
        if queued_at:
            started = self.engine.now()
        actor, handlers, pop = self.actor, self.handlers, popper(mailbox)
        budget = self.engine.turn_messages
        try:
            while mailbox and budget:
                budget -= 1
                message, sender = pop(mailbox)
                self.handled += 1
                handler = handlers.get(message.__class__)
                if handler is None or self.state:
                    self.take(message, sender)
                    actor = self.actor
                    continue
                # The short way for a TypedActor's own messages; take() is the long one.
                actor._sender = sender
                try:
                    handler(actor, message, sender)
                except Exception as error:  # noqa: BLE001 (the edge)
                    actor.handler_raised(message, sender, error)
                except SystemExit as error:
                    die_of(self, error)
                if self.state == STOPPING:
                    begin_exit(self, recursive=True)
        finally:
            if queued_at:
                self.sample(queued_at, started, before)
            # give_turn_back(), without the call
            self.turn.release()
            if mailbox and self.turn.acquire(False):  # noqa: FBT003
                self.dispatcher.enqueue(self)

    async def run_on_loop(self) -> None:
        """A turn on the asyncio loop. The caller holds the turn."""
        from runtime.engine.loop_turn import run_loop_turn

        await run_loop_turn(self)

    def give_turn_back(self) -> None:
        """The end of a turn: whatever was posted meanwhile gets the next one."""
        self.turn.release()
        if self.mailbox and self.turn.acquire(False):  # noqa: FBT003
            self.dispatcher.enqueue(self)

    def sample(self, queued_at: float, started: float, before: int) -> None:
        """Note the times of a turn that began with message number ``before``."""
        self.queued_at = 0.0
        self.sampled_turns += 1
        self.sampled_messages += self.handled - before
        self.waited_seconds += started - queued_at
        if self.plan.inline:
            self.engine.note_core_lag(started - queued_at)
        self.busy_seconds += self.engine.now() - started

    def take(self, message: object, sender: EngineAddress | None) -> object:
        """Handle any message in any state; returns what the handler returned."""
        if isinstance(message, EngineTimer):
            if not message.active or self.state != RUNNING:
                return None
            message.active = False
            message, sender = message.message, self.address
        system_message = isinstance(message, ActorSystemMessage)
        if system_message and isinstance(message, Control):
            self._control(message)
            return None
        if self.state and (
            self.state == DEAD or not isinstance(message, (ActorExitRequest, ChildActorExited))
        ):
            self.engine.dead_letters.undelivered(self, message, sender)
            return None
        result: object = None
        try:
            result = self.plan.deliver(self, message, sender)
        except SystemExit as error:
            die_of(self, error)
        if system_message:
            if isinstance(message, ActorExitRequest):
                if self.state == RUNNING:
                    self.reason = "normal" if sender is self.address else "killed"
                begin_exit(self, recursive=message.isRecursive)
            elif isinstance(message, ChildActorExited):
                child_ended(self, message.childAddress)
        if self.state == STOPPING:
            begin_exit(self, recursive=True)
        return result

    def _control(self, message: Control) -> None:
        if isinstance(message, Start):
            if self.state == RUNNING:
                self.construct()
        elif isinstance(message, ExitChildren):
            exit_children(self, message.cells)
        elif isinstance(message, AskOver):
            message.port.missing("the time is over")
        elif isinstance(message, Kill) or not self.plan.suits(self.engine.capabilities, self.requirements):
            end_by_engine(self)

    # -- life ------------------------------------------------------------------------------------------------------

    def construct(self) -> None:
        """Make the actor. If that fails, the parent hears of its end and what was sent to it comes back."""
        try:
            actor = self.plan.make(self)
        except (Exception, SystemExit) as error:  # noqa: BLE001 (reported, and the parent hears)
            self.engine.report_failed_start(self, error)
            self.aborted = True
            self.reason = "error"
            end(self)
            return
        self.actor = actor

    def take_plan(self, plan: "ActorPlan") -> None:
        """The class is known at last. The caller holds the turn, and gives it away here."""
        self.plan, self.handlers, self.dispatcher = plan, plan.handlers, plan.dispatcher
        self.make_mailbox().insert(0, (Start(), None))
        self.dispatcher.enqueue(self)

    def adopt(self, child: "ActorCell") -> None:
        """A new child, made in this actor's turn."""
        if self.children is None:
            self.children = {}
        self.children[child] = None

    def stop(self) -> None:
        """End after the message that is being handled."""
        if self.state == RUNNING:
            self.state = STOPPING

    def interest(self) -> Interest:
        """Who wants to know of the end: to be added to, from any thread."""
        interest = self.interested
        if interest is None:
            with self.engine.lock:
                interest = self.interested = self.interested or Interest()
        return interest
