"""The engine: makes cells, knows the living ones, and carries messages that have nowhere to go.

Nothing here knows Thespian's ActorSystem (that is ``system``) or host threads that ask (``access``).
"""

import logging
from collections.abc import Callable, Mapping
from itertools import count
from threading import Lock, Thread
from typing import Any

from actors.encoding import carried
from actors.receive import ActorExited, Address, ExitReason
from actors.seams import Clock, SteppableClock, SystemClock
from runtime.engine.address import EngineAddress
from runtime.engine.admin import Admin
from runtime.engine.bodies import EngineBody
from runtime.engine.cell import ActorCell
from runtime.engine.closing import Closing
from runtime.engine.config import EngineConfig
from runtime.engine.control import CheckCapabilities, Kill, Start
from runtime.engine.creation import create_child, create_primary
from runtime.engine.dead_letters import DeadLetters
from runtime.engine.ending import DEAD, EXITING
from runtime.engine.errors import UnknownResourceError
from runtime.engine.order import Order
from runtime.engine.plan import ActorPlan
from runtime.engine.ports import Port, ThreadPort
from runtime.engine.receiver import DispatcherSet
from runtime.engine.sources import Sources
from runtime.engine.timers import NEVER, Timers
from runtime.engine.watching import FileWatcher
from runtime.precedence import Precedence

logger = logging.getLogger("quaero.engine")

_engine_numbers = count(1)


class Engine:
    """One engine; several may live in a process."""

    def __init__(
        self,
        config: EngineConfig,
        resources: Mapping[str, object],
        clock: Clock | None,
        capabilities: dict[str, Any],
        make_dispatchers: "Callable[[Engine], DispatcherSet]",
    ) -> None:
        self.name = f"quaero-{next(_engine_numbers)}"
        self.config = config
        self.clock: Clock = SystemClock() if clock is None else clock
        self.now: Callable[[], float] = self.clock.monotonic
        self.turn_messages = config.turn_messages
        self.lock = Lock()
        self.numbers = count(1)
        self.cells: dict[ActorCell, None] = {}
        self.closing = False
        self.closed = False
        self.core_lag_seconds = 0.0
        self.worst_core_lag_seconds = 0.0
        self.dead_letters = DeadLetters()
        self.capabilities = capabilities
        self.global_names: dict[str, EngineAddress] = {}
        self.encode: Callable[[object], object] | None = carried if config.encodes else None
        self.precedence = Precedence()
        self._resources = {"precedence": self.precedence, **resources}
        self._plans: dict[type, ActorPlan] = {}
        self._closing = Closing(self)
        self.address = Admin(self).address
        self.sources = Sources(self)
        self.files = FileWatcher(self.name)
        self.dispatchers = make_dispatchers(self)
        self._resources.setdefault("pace", self.dispatchers)
        self.timers = Timers(self.now, self.dispatchers.core.wake)
        self._manual = isinstance(self.clock, SteppableClock)
        self._unsubscribe: Callable[[], None] = (
            self.clock.subscribe(self.dispatchers.core.wake)
            if isinstance(self.clock, SteppableClock)
            else lambda: None
        )

    def __repr__(self) -> str:
        return f"<Engine({self.name}, {len(self.cells)} actors)>"

    # -- chores of the core thread ---------------------------------------------------------------------------------

    def fire(self) -> bool:
        """Fire the timers that are due."""
        return self.timers.fire()

    def sleep_seconds(self) -> float:
        """Until the next timer is due."""
        due = self.timers.next_due
        if due == NEVER:
            return -1.0
        wait = due - self.now()
        if wait <= 0:
            return 0.0
        return -1.0 if self._manual else wait

    # -- actors ----------------------------------------------------------------------------------------------------

    def plan_of(self, actor_class: type[Any]) -> ActorPlan:
        """What is known of the class.

        Raises:
            UnknownDispatcherError: it names a dispatcher that does not exist.
        """
        plan = self._plans.get(actor_class)
        if plan is None:
            name = getattr(actor_class, "dispatcher", "core")
            dispatcher = self.dispatchers.named(name, actor_class)
            plan = self._plans[actor_class] = ActorPlan(actor_class, dispatcher, name)
        return plan

    def start(self, cell: ActorCell) -> None:
        """Let a new cell live. It may fail to start: then its parent hears of its end."""
        self.cells[cell] = None
        if cell.plan.inline:
            cell.construct()
        else:
            cell.post(Start(), None)
        if self.closing:
            cell.post_first(Kill())

    def create_primary(self, order: Order) -> Address:
        """Make an actor without a parent, as ``creation`` says."""
        return create_primary(self, order)

    def create_child(self, parent: ActorCell, order: Order) -> EngineAddress:
        """Make a child of an actor in that actor's turn, as ``creation`` says."""
        if order.spec.__class__ is type and parent.source_hash is None and parent.state < EXITING:
            # The short way for classes that ask for nothing.
            plan = self._plans.get(order.spec)
            if plan is not None and plan.check is None and order[1:] == (None, None, None):
                cell = ActorCell(self, parent, plan)
                parent.adopt(cell)
                self.start(cell)
                return cell.address
        return create_child(self, parent, order)

    def forget(self, cell: ActorCell, actor: Any) -> None:
        """The actor has ended."""
        self.cells.pop(cell, None)
        timers = getattr(actor, "_timers", None)
        if timers is not None:
            timers.cancel_all()
        self.dead_letters.handle(cell.address, enable=False)
        if cell.ran_bodies:
            for pool in (self.dispatchers.pool, self.dispatchers.cpu):
                if pool is not None:
                    pool.abandon_bodies_of(cell)
        if cell.source_hash is not None:
            self.sources.actor_ended(cell.source_hash)
        if cell.global_name:
            self.global_names.pop(cell.global_name, None)
        if not cell.plan.typed:
            self.sources.notify(cell.address, enable=False)
            self.files.watch(cell, None)
        if self.closing:
            self._closing.actor_ended()

    def watch(self, watcher: ActorCell, address: Address) -> None:
        """Tell the watcher when that actor ends, or that it has."""
        watched = address.cell if isinstance(address, EngineAddress) else None
        reason: ExitReason = "normal"
        if isinstance(watched, ActorCell):
            watchers = watched.interest().watchers
            with self.lock:  # its end comes after this, or was before
                if watched.state != DEAD:
                    watchers.append(watcher)
                    return
            reason = watched.reason
        watcher.post(ActorExited(address, reason, watched=True), watcher.address)

    # -- messages --------------------------------------------------------------------------------------------------

    def passed(self, message: object) -> object:
        """The message as it will be delivered: in test mode, encoded and decoded."""
        return message if self.encode is None else self.encode(message)

    def ask_through(self, port: Port, address: Address, message: object) -> None:
        """Send a question from a port."""
        cell = address.cell if isinstance(address, EngineAddress) else None
        if isinstance(cell, ActorCell):
            port.send_to(cell, message)
        else:
            port.missing(f"{address} is not an actor of this engine")

    # -- services --------------------------------------------------------------------------------------------------

    def run_body(self, cell: ActorCell, dispatcher: str, function: Callable[[], Any], key: int) -> EngineBody:
        """Run a function for an actor."""
        if dispatcher in {"io", "cpu"}:
            cell.ran_bodies = True
            pool = self.dispatchers.pool if dispatcher == "io" else self.dispatchers.cpu
            body = EngineBody(cell, function, key, pool)
        else:
            body = EngineBody(cell, function, key, None)
        if dispatcher == "core":
            body.run_turn()
        else:
            self.dispatchers.named(dispatcher, cell.plan.name).enqueue(body)
        return body

    def resource(self, name: str) -> Any:
        """An object the engine was opened with."""
        try:
            return self._resources[name]
        except KeyError:
            known = ", ".join(sorted(self._resources)) or "none"
            raise UnknownResourceError(f"there is no resource {name!r}; there are: {known}") from None

    def wait_for(self, port: ThreadPort, timeout_seconds: float) -> bool:
        """Wait in a host thread until the port is settled; whether it was in time.

        A stepped engine runs until then; if nothing is left to run, no reply will come.
        """
        if not self.dispatchers.stepped:
            return port.wait(timeout_seconds)
        while not port.settled.locked():
            if not self.dispatchers.step():
                return not port.withdraw()
        return True

    def note_core_lag(self, seconds: float) -> None:
        """A measured turn has waited so long for the core thread."""
        self.core_lag_seconds = seconds
        self.worst_core_lag_seconds = max(seconds, self.worst_core_lag_seconds)

    def update_capability(self, name: str, value: object) -> None:
        """Change what the system offers; actors it no longer suits are told to exit."""
        with self.lock:
            if value is None:
                self.capabilities.pop(name, None)
            else:
                self.capabilities[name] = value
        for cell in list(self.cells):
            if cell.plan.check is not None:
                cell.post_first(CheckCapabilities())

    def forget_classes_of(self, source_hash: str) -> None:
        """The classes of an unloaded source are not to be kept alive."""
        root = "{{" + source_hash + "}}"
        for actor_class in [each for each in self._plans if each.__module__.startswith(root)]:
            self._plans.pop(actor_class, None)

    def report_failed_start(self, cell: ActorCell, error: BaseException) -> None:
        """An actor's constructor raised."""
        logger.error("%s could not be started", cell.plan.name, exc_info=error)

    def report_death(self, cell: ActorCell, error: SystemExit) -> None:
        """SystemExit broke out of a handler."""
        cell.failed += 1
        logger.error("%s %s died of SystemExit(%s)", cell.plan.name, cell.address, error, exc_info=error)

    # -- the end ---------------------------------------------------------------------------------------------------

    def close(self, timeout_seconds: float) -> list[str]:
        """End every actor and every thread; the names of threads that do not end in time."""
        if self._closing.is_own_thread():
            self.close_soon()
            return []
        return self._closing.close(timeout_seconds)

    def close_soon(self) -> None:
        """Close from a thread of its own, for actors."""
        arguments = (self.config.close_seconds,)
        Thread(target=self._closing.close, args=arguments, name=f"close {self.name}", daemon=True).start()

    def release_clock(self) -> None:
        """The clock's moves are of no interest any more."""
        self._unsubscribe()
