"""RuntimeSupervisor: the root of the tree. It starts the runtime's actors, restarts them, drains and stops.

one_for_one: a dead child alone is restarted, also while the runtime drains. What hung on it is repaired: after the
store's death unanswered requests are sent again, after the processor's or a run orchestrator's its leases are given
back. Beyond the restart intensity the runtime stops and says so: the rows are safe, and whoever embeds it decides.
"""

import logging

from actors.deaf import DeafBodies
from actors.ids import id_text
from actors.job import Closing
from actors.live_runs import LiveRuns
from actors.messages import (
    BodyAbandoned,
    BodyReturned,
    CloseParent,
    CloseStore,
    Command,
    Drain,
    Drained,
    Gathered,
    Gathering,
    GiveBack,
    HoldBack,
    LeasesLost,
    OpenStore,
    Recorded,
    Refused,
    Retired,
    Retiring,
    SeeToIt,
    SetDemand,
    Start,
    Started,
    StartMonitoring,
    StopMonitoring,
    StoreClosed,
    StoreIdle,
    StoreOpened,
    SuperviseStep,
    TellWhenIdle,
    Wiring,
)
from actors.orchestrator.run import RunOrchestrator
from actors.receive import Address, TypedActor
from actors.supervision import RestartIntensity, add_restart
from actors.unanswered import Unanswered
from actors.wiring import kinds_of, wiring_of

logger = logging.getLogger("quaero.supervisor")

STOP_SECONDS = 10.0
"""Time that interrupted attempts get to report before the store is closed over them."""


class GraceOver(Command, frozen=True):
    """Running attempts had their time."""

    final: bool


class RuntimeSupervisor(TypedActor):
    """Starts, restarts, drains, stops."""

    def __init__(self) -> None:
        super().__init__()
        self._children: dict[str, Address] = {}
        self._runs = LiveRuns()
        self._restarts: tuple[float, ...] = ()
        self._run_restarts: dict[int, tuple[float, ...]] = {}
        self._starter: Address | None = None
        self._unanswered = Unanswered()
        self._deaf = DeafBodies()
        self._held_back: dict[str, str] = {}
        self._store_open = False
        self._drain: tuple[Address, Drain] | None = None
        self._interrupted = False
        self._closing = False  # the store was told to close
        self._closed = False
        self._failed = ""

    # -- start --------------------------------------------------------------------------------------------------

    def receiveMsg_Start(self, message: Start, sender: Address) -> None:
        """Open the store first: without it nothing else is started."""
        self._starter = sender
        self._children["store"] = self.spawn(self.resource("store_actor"), OpenStore())

    def receiveMsg_StoreOpened(self, message: StoreOpened, sender: Address) -> None:
        """The store is open: start the others, or tell them that it is a new one, and it what the old one left."""
        self._store_open = True
        if "processor" not in self._children:
            for name, actor in kinds_of(self.resource).items():
                self._children[name] = self.spawn(actor)
        self._wire()
        self.resource("on_store")(self._children["store"])
        for request in self._unanswered:
            self.send(self._children["store"], request)
        if self._closing:
            self._close()
        elif self._drain is not None:
            self.send(self._children["store"], TellWhenIdle())
        if self._starter is not None:
            self.send(self._starter, Started(self._wiring()))
            self._starter = None

    def receiveMsg_Refused(self, message: Refused, sender: Address) -> None:
        """The store can not be opened: whoever started the runtime is told why."""
        if self._starter is not None:
            self.send(self._starter, message)
            self._starter = None
        elif not self._store_open:
            self._give_up(message.message)
        else:
            logger.error("the store refused what the supervisor asked: %s", message.message)

    def _wiring(self) -> Wiring:
        return wiring_of(self.myAddress, self._children, self.resource("lease_seconds"))

    def _wire(self) -> None:
        wiring = self._wiring()
        for address in (*self._children.values(), *self._runs):
            self.send(address, wiring)

    def handler_failed(self, message: object, sender: Address, error: Exception) -> None:
        """Whoever waits for the start is told; later failures are logged as any actor's."""
        super().handler_failed(message, sender, error)
        if self._starter is not None:
            text = f"{type(message).__name__} failed: {type(error).__name__}: {error}"
            self.send(self._starter, Refused(text, "see the log"))
            self._starter = None

    # -- runs ---------------------------------------------------------------------------------------------------

    def receiveMsg_SuperviseStep(self, message: SuperviseStep, sender: Address) -> None:
        """There is work of this run: see that it has an orchestrator, which looks after the step."""
        run = self._runs.send_work(message.run_id)
        if run is None:
            run = self.spawn(RunOrchestrator, StartMonitoring(message.run_id, None, self._wiring()))
            self._runs.began(message.run_id, run)
        self.send(run, message)

    def receiveMsg_Retiring(self, message: Retiring, sender: Address) -> None:
        """A run's orchestrator leaves memory: the next work of the run makes a new one."""
        if self._runs.retires(message.parent_id, sender, message.received):
            self.reply(Retired(message.parent_id))

    # -- deaths -------------------------------------------------------------------------------------------------

    def child_exited(self, address: Address, reason: str) -> None:
        """A child is gone: a run's orchestrator after its work, or one that has to be restarted."""
        run_id = self._runs.ended(address)
        if run_id is not None:
            if reason != "normal" and not self._closed:
                self.send(self._children["processor"], LeasesLost(run_id))
                self._see_to(GiveBack(run_id, f"the run's orchestrator died ({reason})"))
                self._run_died(run_id, reason)
            else:
                self._run_restarts.pop(run_id, None)
            return
        name = next((name for name, known in self._children.items() if known == address), None)
        if name is None or self._closed:
            return
        if name == "store":
            self._store_open = False
        if self._failed:
            if name == "store" and self._drain is not None:
                self._drained(0)
            return
        if self._count_restart(name, reason):
            logger.error("%s died (%s); restarting it", name, reason)
            self._restart(name)

    def _run_died(self, run_id: int, reason: str) -> None:
        """The next work of the run makes a new orchestrator; a run whose orchestrators keep dying is closed."""
        intensity: RestartIntensity = self.resource("restart_intensity")
        now = self.resource("clock").monotonic()
        self._run_restarts[run_id], too_many = add_restart(self._run_restarts.get(run_id, ()), now, intensity)
        logger.error("the orchestrator of run %s died (%s)", id_text(run_id), reason)
        self.resource("on_restart")("run orchestrator")
        if too_many:
            del self._run_restarts[run_id]
            text = f"the run's orchestrator died more than {intensity.max_restarts} times"
            self._see_to(CloseParent(run_id, Closing.FAILED, text))

    def _restart(self, name: str) -> None:
        if name == "store":
            self._children["store"] = self.spawn(self.resource("store_actor"), OpenStore())
            return  # the rest follows when it is open
        self._children[name] = self.spawn(kinds_of(self.resource)[name])
        if self._drain is not None and name in {"processor", "scheduler"}:
            self.send(self._children[name], self._drain[1])
        if name == "processor":
            self.send(self._children[name], HoldBack(self._held_back))
            for run in self._runs:
                self.stop_child(run)
            self._runs.clear()  # their ends are this one's doing, and no restarts
            self._see_to(GiveBack(None, "the job processor died"))
        elif name.startswith("manager "):
            self._see_to(GiveBack(None, f"{name} died", namings_only=True))
        if self._store_open:
            self._wire()

    def _count_restart(self, name: str, reason: str) -> bool:
        """Whether one more restart is allowed; beyond the intensity the runtime gives up."""
        intensity: RestartIntensity = self.resource("restart_intensity")
        now = self.resource("clock").monotonic()
        self._restarts, too_many = add_restart(self._restarts, now, intensity)
        self.resource("on_restart")(name)
        if too_many:
            self._give_up(
                f"{name} died ({reason}): more than {intensity.max_restarts} restarts in"
                f" {intensity.period_seconds:g} s, the runtime stops"
            )
        return not too_many

    def _give_up(self, text: str) -> None:
        self._failed = text
        logger.critical(text)
        self.resource("on_failure")(text)
        if self._store_open:
            self.send(self._children["store"], SetDemand({}, 0, (), draining=True))
        elif self._drain is not None:
            self._drained(0)

    def receiveMsg_Gathering(self, message: Gathering, sender: Address) -> None:
        """This comes after all that was ready on the core when the store asked."""
        self.reply(Gathered())

    # -- requests that must not be lost -------------------------------------------------------------------------

    def receiveMsg_SeeToIt(self, message: SeeToIt, sender: Address) -> None:
        """The sender may be gone before the store has answered; this actor is not."""
        self._see_to(message.request)

    def _see_to(self, request: GiveBack | CloseParent) -> None:
        """Sent now, and again to every new store actor until one has answered."""
        self.send(self._children["store"], self._unanswered.add(request))

    def receiveMsg_Recorded(self, message: Recorded, sender: Address) -> None:
        """That is durable."""
        self._unanswered.answered(message)

    # -- bodies that do not end ---------------------------------------------------------------------------------

    def receiveMsg_BodyAbandoned(self, message: BodyAbandoned, sender: Address) -> None:
        """One more: too many of a type, and no more jobs of it are taken."""
        self._deaf.abandoned(message.job_type, message.lease)
        self._hold_back()

    def receiveMsg_BodyReturned(self, message: BodyReturned, sender: Address) -> None:
        """One less."""
        self._deaf.returned(message.job_type, message.lease)
        self._hold_back()

    def _hold_back(self) -> None:
        limits = {name: worker.options.max_abandoned for name, worker in self.resource("workers").items()}
        before, self._held_back = self._held_back, self._deaf.held_back(limits)
        if before == self._held_back or "processor" not in self._children:
            return
        self.send(self._children["processor"], HoldBack(self._held_back))
        for job_type in self._held_back.keys() - before.keys():
            logger.error("no more jobs of type %r are taken: %s", job_type, self._held_back[job_type])
        for job_type in before.keys() - self._held_back.keys():
            logger.warning("jobs of type %r are taken again", job_type)

    # -- stop ---------------------------------------------------------------------------------------------------

    def receiveMsg_Drain(self, message: Drain, sender: Address) -> None:
        """Take no more work; wait for what runs, as long as the grace allows."""
        if self._drain is not None:
            self._interrupt()  # asked twice: now; the first to ask is answered
            return
        self._drain = (sender, message)
        if "processor" not in self._children or (self._failed and not self._store_open):
            self._drained(0)
            return
        self.send(self._children["processor"], message)
        self.send(self._children["scheduler"], message)
        self.send(self._children["store"], TellWhenIdle())
        self.timers.start("grace", message.grace_seconds, GraceOver(final=False))

    def receiveMsg_StoreIdle(self, message: StoreIdle, sender: Address) -> None:
        """Nothing runs any more."""
        self._close()

    def receiveMsg_GraceOver(self, message: GraceOver, sender: Address) -> None:
        """What still runs is interrupted; what does not even answer to that is given back."""
        if message.final:
            self._close()
        else:
            self._interrupt()

    def _interrupt(self) -> None:
        if not self._interrupted:
            self._interrupted = True
            for run in self._runs:
                self.send(run, StopMonitoring("the runtime stops"))
            # A manager can not be told to stop: its page would be refused now, and is named by the next runtime.
            self._see_to(GiveBack(None, "the runtime stops", namings_only=True))
            self.timers.start("grace", STOP_SECONDS, GraceOver(final=True))

    def _close(self) -> None:
        if self._drain is not None and not self._closed:
            self._closing = True
            self.timers.cancel("grace")
            self.send(self._children["store"], CloseStore(fill_index=self._drain[1].fill_index))

    def receiveMsg_StoreClosed(self, message: StoreClosed, sender: Address) -> None:
        """The rows are safe: answer whoever asked."""
        self._drained(message.given_back)

    def _drained(self, given_back: int) -> None:
        if self._drain is not None and not self._closed:
            self._closed = True
            self.send(self._drain[0], Drained(given_back))
