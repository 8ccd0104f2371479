"""The cell of an actor: its mailbox, its turns, its children and its end.

Invariants, whatever thread posts:

- ``turn`` is a test-and-set flag. Whoever takes it enqueues the cell; it is given back at the end of the turn, and
  the mailbox is looked at again after that. So a cell is in a ready queue, or running, at most once, and a message
  that is in the mailbox is never forgotten.
- Only the thread that holds the turn touches ``actor``, ``children`` and ``state``.
- An actor ends once. At its end every waiting message becomes a dead letter, every unanswered ask is told, and then
  the parent gets ``ActorExited`` - after everything the actor had sent it.
"""

from collections import deque
from threading import Lock
from typing import TYPE_CHECKING, Any, ClassVar

from thespian.actors import ActorExitRequest, ActorSystemMessage, ChildActorExited

from actors.receive import ActorExited, ExitReason
from runtime.engine.address import EngineAddress
from runtime.engine.ports import AskOver
from runtime.engine.timers import EngineTimer

if TYPE_CHECKING:
    from runtime.engine.bodies import EngineBody
    from runtime.engine.engine import Engine
    from runtime.engine.plan import ActorPlan
    from runtime.engine.ports import Port
    from runtime.engine.receiver import Dispatcher

RUNNING, STOPPING, EXITING, DEAD = range(4)
"""STOPPING: it asked for its own end within the message that is being handled."""

EXIT_SLICE = 1000
"""Children told to exit in one turn, so that an actor with 100 000 of them stops nobody else."""


class Start(ActorSystemMessage):
    """Make the actor, on its own dispatcher."""


class ExitChildren(ActorSystemMessage):
    """Tell the next slice of children to exit."""

    def __init__(self, cells: "list[ActorCell]") -> None:
        self.cells = cells


class Kill(ActorSystemMessage):
    """The engine ends this actor; passes whatever waits in the mailbox."""


class CheckCapabilities(ActorSystemMessage):
    """What the system offers has changed: an actor it no longer suits has to exit."""


class ActorCell:
    """One actor of the engine, from its creation until nobody holds its address any more."""

    __slots__ = (
        "aborted",
        "actor",
        "address",
        "bodies",
        "busy_seconds",
        "children",
        "dispatcher",
        "engine",
        "failed",
        "global_name",
        "handled",
        "handlers",
        "mailbox",
        "parent",
        "plan",
        "ports",
        "queued_at",
        "reason",
        "requirements",
        "source_hash",
        "state",
        "turn",
        "waited_seconds",
        "watchers",
    )

    is_port: ClassVar[bool] = False

    def __init__(self, engine: "Engine", parent: "ActorCell | None", plan: "ActorPlan") -> None:
        self.engine = engine
        self.address = EngineAddress(self, next(engine.numbers))
        self.parent = parent
        self.plan = plan
        self.handlers = plan.handlers
        self.dispatcher: Dispatcher = plan.dispatcher
        self.actor: Any = None
        self.mailbox: deque[tuple[object, EngineAddress | None]] | None = None
        self.turn = Lock()
        self.state = RUNNING
        self.reason: ExitReason = "normal"
        self.aborted = False
        self.children: dict[ActorCell, None] | None = None
        self.ports: set[Port] | None = None
        self.watchers: list[ActorCell] | None = None
        self.bodies: set[EngineBody] | None = None
        self.global_name: str | None = None
        self.requirements: dict[str, Any] | None = None
        self.source_hash: str | None = None
        self.handled = 0
        self.failed = 0
        self.busy_seconds = 0.0
        self.waited_seconds = 0.0
        self.queued_at = 0.0

    def __repr__(self) -> str:
        return f"<ActorCell({self.plan.name}, {self.address})>"

    @property
    def engine_name(self) -> str:
        """Names the engine."""
        return self.engine.name

    # -- receiving -------------------------------------------------------------------------------------------------

    def post(self, message: object, sender: EngineAddress | None) -> None:
        """Put a message into the mailbox, and the cell into the ready queue if it is in none."""
        if self.state == DEAD:
            self.engine.undelivered(self, message, sender)
            return
        mailbox = self.mailbox
        if mailbox is None:
            mailbox = self._make_mailbox()
        mailbox.append((message, sender))
        if self.turn.acquire(False):  # noqa: FBT003 (a keyword costs a quarter of the call)
            self.queued_at = self.engine.now()
            self.dispatcher.enqueue(self)

    def post_first(self, message: object) -> None:
        """A control message: it passes what waits in the mailbox."""
        mailbox = self.mailbox
        if mailbox is None:
            mailbox = self._make_mailbox()
        mailbox.appendleft((message, None))
        if self.turn.acquire(False):  # noqa: FBT003
            self.queued_at = self.engine.now()
            self.dispatcher.enqueue(self)

    def post_result(self, message: object) -> None:
        """What a body returned: an ordinary message of the actor to itself, unless it ended meanwhile."""
        if self.state != DEAD:
            self.post(self.engine.passed(message), self.address)

    def missing(self, reason: str) -> None:
        """Only ports wait for replies."""

    def _make_mailbox(self) -> deque[tuple[object, EngineAddress | None]]:
        # An empty deque is 760 bytes: actors that nobody has sent anything have none.
        with self.engine.lock:
            if self.mailbox is None:
                self.mailbox = deque()
            return self.mailbox

    def take_plan(self, plan: "ActorPlan") -> None:
        """The class is known at last. The caller holds the turn."""
        self.plan, self.handlers, self.dispatcher = plan, plan.handlers, plan.dispatcher

    def begin(self) -> None:
        """Start, by the caller's own turn, which it gives away."""
        self._make_mailbox().appendleft((Start(), None))
        self.queued_at = self.engine.now()
        self.dispatcher.enqueue(self)

    def run_turn(self) -> None:
        """Handle what waits, some messages at most. The caller holds the turn."""
        mailbox = self.mailbox
        if mailbox is None:
            mailbox = self._make_mailbox()
        now = self.engine.now
        started = now()
        self.waited_seconds += started - self.queued_at
        actor, handlers = self.actor, self.handlers
        for _ in range(self.engine.turn_messages):
            if not mailbox:
                break
            message, sender = mailbox.popleft()
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
                self.break_off(error)
            if self.state == STOPPING:
                self.exit(recursive=True)
        ended = now()
        self.busy_seconds += ended - started
        self.turn.release()
        if mailbox and self.turn.acquire(False):  # noqa: FBT003
            self.queued_at = ended
            self.dispatcher.enqueue(self)

    async def run_on_loop(self) -> None:
        """A turn on the asyncio loop: handlers may be coroutines, and the mailbox waits for them."""
        mailbox = self._make_mailbox()
        now = self.engine.now
        self.waited_seconds += now() - self.queued_at
        for _ in range(self.engine.turn_messages):
            if not mailbox:
                break
            message, sender = mailbox.popleft()
            self.handled += 1
            started = now()
            result = self.take(message, sender)
            if hasattr(result, "__await__"):
                try:
                    await result
                except SystemExit as error:
                    self.break_off(error)
                except BaseException as error:  # noqa: BLE001 (the edge, also of cancelled awaits)
                    self.actor.handler_raised(message, sender, error)
                if self.state == STOPPING:
                    self.exit(recursive=True)
            self.busy_seconds += now() - started
        self.turn.release()
        if mailbox and self.turn.acquire(False):  # noqa: FBT003
            self.queued_at = now()
            self.dispatcher.enqueue(self)

    def take(self, message: object, sender: EngineAddress | None) -> object:
        """Handle any message in any state; returns what the handler returned."""
        if isinstance(message, EngineTimer):
            if not message.active or self.state != RUNNING:
                return None
            message.active = False
            message, sender = message.message, self.address
            if isinstance(message, AskOver):
                message.port.missing("the time is over")
                return None
        system_message = isinstance(message, ActorSystemMessage)
        if system_message and isinstance(message, CONTROL):
            self._control(message)
            return None
        if self.state and (
            self.state == DEAD or not isinstance(message, (ActorExitRequest, ChildActorExited))
        ):
            self.engine.undelivered(self, message, sender)
            return None
        result: object = None
        try:
            result = self.plan.deliver(self, message, sender)
        except SystemExit as error:
            self.break_off(error)
        if system_message:
            if isinstance(message, ActorExitRequest):
                if self.state == RUNNING:
                    self.reason = "normal" if sender is self.address else "killed"
                self.exit(recursive=message.isRecursive)
            elif isinstance(message, ChildActorExited):
                self._child_ended(message.childAddress)
        if self.state == STOPPING:
            self.exit(recursive=True)
        return result

    def _control(self, message: object) -> None:
        if isinstance(message, ExitChildren):
            self._exit_children(message.cells)
        elif isinstance(message, Start):
            if self.state == RUNNING:
                self.construct()
        elif isinstance(message, Kill) or not self.plan.suits(self.engine.capabilities, self.requirements):
            if self.state == RUNNING:
                self.reason = "killed"
            self.exit(recursive=True)

    # -- life ------------------------------------------------------------------------------------------------------

    def construct(self) -> None:
        """Make the actor. If that fails, the parent hears of its end and what was sent to it comes back."""
        try:
            actor = self.plan.make(self)
        except (Exception, SystemExit) as error:  # noqa: BLE001 (reported, and the parent hears)
            self.engine.report_failed_start(self, error)
            self.aborted = True
            self.reason = "error"
            self._end()
            return
        self.actor = actor

    def adopt(self, child: "ActorCell") -> None:
        """A new child, made in this actor's turn."""
        if self.children is None:
            self.children = {}
        self.children[child] = None

    def stop(self) -> None:
        """End after the message that is being handled."""
        if self.state == RUNNING:
            self.state = STOPPING

    def break_off(self, error: SystemExit) -> None:
        """SystemExit in a handler: this actor's death, and nobody else's."""
        self.engine.report_death(self, error)
        self.reason = "error"
        self.exit(recursive=True)

    def exit(self, *, recursive: bool) -> None:
        """Begin to end: now, or once all children have ended."""
        if self.state >= EXITING:
            return
        self.state = EXITING
        children = list(self.children or ())
        if recursive and children:
            self._exit_children(children)
            return
        for child in children:
            child.parent = None
        self._end()

    def _exit_children(self, cells: "list[ActorCell]") -> None:
        for child in cells[:EXIT_SLICE]:
            if self.engine.closing:
                child.post_first(Kill())
            else:
                child.post(ActorExitRequest(), self.address)
        if len(cells) > EXIT_SLICE:
            self.post_first(ExitChildren(cells[EXIT_SLICE:]))

    def _child_ended(self, address: EngineAddress) -> None:
        if self.children is not None:
            self.children.pop(address.cell, None)  # type: ignore[call-overload]
            if not self.children and self.state == EXITING:
                self._end()

    def _end(self) -> None:
        actor, self.actor = self.actor, None
        self.state = DEAD
        self.engine.forget(self, actor)
        mailbox = self.mailbox
        while mailbox:
            message, sender = mailbox.popleft()
            self.engine.undelivered(self, message, sender)
        ports, self.ports = self.ports, None
        for port in list(ports or ()):
            port.missing(f"{self.plan.name} {self.address} ended ({self.reason}) without a reply")
        for body in tuple(self.bodies or ()):
            body.abandon()
        for watcher in self.watchers or ():
            watcher.post(ActorExited(self.address, self.reason, watched=True), self.address)
        if self.parent is not None:
            self.parent.post(ActorExited(self.address, self.reason), self.address)

    # -- who waits for it ------------------------------------------------------------------------------------------

    def expect_reply(self, port: "Port") -> None:
        """This port is to be told if the actor ends first."""
        ports = self.ports
        if ports is None:
            with self.engine.lock:
                ports = self.ports = self.ports or set()
        ports.add(port)

    def expect_no_reply(self, port: "Port") -> None:
        """The port is settled."""
        if self.ports is not None:
            self.ports.discard(port)

    def hold_body(self, body: "EngineBody") -> None:
        """A body that is to be cancelled when the actor ends."""
        with self.engine.lock:
            if self.bodies is None:
                self.bodies = set()
            self.bodies.add(body)

    def drop_body(self, body: "EngineBody") -> None:
        """The body ended."""
        if self.bodies is not None:
            self.bodies.discard(body)


CONTROL = (Start, ExitChildren, Kill, CheckCapabilities)
