"""ManagerActor routes the starts of one action; a NamingActor carries out one of them and is gone."""

from collections.abc import Callable

from actors.job import AttemptError, StepStart
from actors.manager.contract import JobManager, ManagerContext
from actors.messages import Command, CreateChildren, NameChildren, Named, NamingFailed, Wiring
from actors.raised import message_of, traceback_of, type_of
from actors.receive import Address, BodyFailed, TypedActor
from actors.worker.attempt import MAX_MESSAGE, MAX_TRACEBACK
from actors.worker.errors import PermanentError

RETRY_MS = (500, 2_000)
"""Waits before the second and the third attempt to name one page."""


class CarryOut(Command, frozen=True):
    """Name the next page of this step's children and commit it to the store."""

    start: StepStart
    store: Address


class ManagerActor(TypedActor):
    """One per action: hands each start to an actor of its own and goes on receiving."""

    fails_whole = True

    def __init__(self) -> None:
        super().__init__()
        self._store: Address | None = None
        self._starts: dict[Address, StepStart] = {}
        self._early: list[CreateChildren] = []  # came before the wiring
        self._failed: dict[int, NamingFailed] = {}  # by step, until the store has answered

    def receiveMsg_Wiring(self, message: Wiring, sender: Address) -> None:
        """Remember where pages are committed; namings under way commit again what a dead store may have lost."""
        if self._store is not None and self._store != message.store:
            for naming in self._starts:
                self.send(naming, message)
            for failure in self._failed.values():
                self.send(message.store, failure)
        self._store = message.store
        early, self._early = self._early, []
        for each in early:
            self.receiveMsg_CreateChildren(each, sender)

    def receiveMsg_CreateChildren(self, message: CreateChildren, sender: Address) -> None:
        """Start the naming."""
        if self._store is None:
            self._early.append(message)  # it is leased: dropped, it would wait until this process ends
            return
        naming = self.spawn(NamingActor, CarryOut(message.start, self._store))
        self._starts[naming] = message.start

    def child_exited(self, address: Address, reason: str) -> None:
        """A naming is done; if its actor died without a report, that was a failed attempt."""
        start = self._starts.pop(address, None)
        if start is not None and reason != "normal" and self._store is not None:
            error = AttemptError("NamingDiedError", f"the naming actor died ({reason})", "", start.attempt)
            failure = self._failed[start.step_id] = _failure(start, error, permanent=False)
            self.send(self._store, failure)

    def receiveMsg_Named(self, message: Named, sender: Address) -> None:
        """The store has recorded that failure."""
        self._failed.pop(message.step_id, None)


class NamingActor(TypedActor):
    """Runs a manager's ``create_children`` once, on the dispatcher its class names."""

    fails_whole = True

    def __init__(self) -> None:
        super().__init__()
        self._task: CarryOut | None = None
        self._unanswered: NameChildren | NamingFailed | None = None

    def receiveMsg_CarryOut(self, message: CarryOut, sender: Address) -> None:
        """Start the manager's code; its end comes back as a message."""
        self._task = message
        manager: type[JobManager] = self.resource("managers")[message.start.step.action]
        context = ManagerContext(self.resource("clock"), self.resource, manager.manager_type)
        body = _naming(manager, context, message.start)
        observer = self.resource("observer")
        if observer is not None:
            body = observer.around_naming(message.start, body)
        self.run_body(manager.dispatcher, body, key=message.start.token)

    def receiveMsg_Wiring(self, message: Wiring, sender: Address) -> None:
        """There is a new store: whatever the old one did not answer is sent again, and recorded once."""
        if self._task is not None:
            self._task = CarryOut(self._task.start, message.store)
            if self._unanswered is not None:
                self._commit(self._unanswered)

    def receiveMsg_NameChildren(self, message: NameChildren, sender: Address) -> None:
        """The page is named: commit it."""
        self._commit(message)

    def receiveMsg_NamingFailed(self, message: NamingFailed, sender: Address) -> None:
        """It could not be named: the store decides what follows."""
        self._commit(message)

    def receiveMsg_BodyFailed(self, message: BodyFailed, sender: Address) -> None:
        """The manager's code broke out (SystemExit): a failed attempt like any other."""
        if self._task is not None:
            error = AttemptError(message.error_type, message.message, message.traceback)
            self._commit(_failure(self._task.start, error, permanent=False))

    def receiveMsg_Named(self, message: Named, sender: Address) -> None:
        """The store has answered; the work is done."""
        self.stop_self()

    def receiveMsg_Refused(self, message: object, sender: Address) -> None:
        """The store could not record the page: try the start again as a failure."""
        if self._task is not None:
            error = AttemptError("RefusedError", getattr(message, "message", "the store refused the page"))
            self._commit(_failure(self._task.start, error, permanent=True))

    def _commit(self, message: NameChildren | NamingFailed) -> None:
        if self._task is not None:
            self._unanswered = message
            self.send(self._task.store, message)


def _naming(
    manager: type[JobManager], context: ManagerContext, start: StepStart
) -> Callable[[], NameChildren | NamingFailed]:
    def name() -> NameChildren | NamingFailed:
        try:
            made = manager(context)
            made.create_parent_job(start, start.definition, start.run_id)
            if made.page is None:
                raise PermanentError(f"{manager.__name__}.create_parent_job named no page")
            return NameChildren(start, made.page)
        except Exception as error:  # noqa: BLE001 (a manager may raise anything; the store decides what follows)
            cause = AttemptError(
                type_of(error),
                message_of(error, MAX_MESSAGE),
                traceback_of(error, MAX_TRACEBACK),
                start.attempt,
                context.clock.wall_ms(),
            )
            return _failure(start, cause, permanent=isinstance(error, PermanentError))

    return name


def _failure(start: StepStart, error: AttemptError, *, permanent: bool) -> NamingFailed:
    wait = RETRY_MS[min(start.attempt, len(RETRY_MS)) - 1]
    return NamingFailed(start, error, permanent, wait)
