"""The StoreActor: the one writer of this runtime. Requests are buffered and committed together.

The first request sends the actor a ``Flush`` of its own; whatever stood in the mailbox before it is committed with it
in one transaction, and only then are the replies sent. Under load a commit carries hundreds of requests; alone, a
request waits for nothing. What a commit makes ready is leased in that same commit, as far as the slots go.
"""

import logging
from collections.abc import Iterable
from typing import Any

from actors.job import Closing
from actors.messages import (
    CloseParent,
    CloseStore,
    Command,
    GiveBack,
    OpenStore,
    ParentPicture,
    Refused,
    Rung,
    SetDemand,
    Settle,
    StoreClosed,
    StoreIdle,
    StoreOpened,
    Submit,
    Sweep,
    TellWhenIdle,
    UnwatchParent,
    WatchParent,
    Wiring,
)
from actors.receive import Address
from runtime.store.chores import ChoreActor, Chores
from runtime.store.commit import Commit, Demand
from runtime.store.concern import EVERYTHING, Concern
from runtime.store.database import StoreError
from runtime.store.failure import StoreUnavailableError
from runtime.store.gathering import Gathering
from runtime.store.pictures import Pictures
from runtime.store.reports import Reports
from runtime.store.slots import Slots
from runtime.store.verbs.end import DAMAGED_TEXT

logger = logging.getLogger("quaero.store")

MAX_REQUESTS = 512
MAX_ATTEMPTS = 2048
"""Attempts in one commit: fewer and larger ones cost less, but whoever waits for the next one waits as long."""
RETRY_SECONDS = 0.2
"""Between tries while nothing can be committed."""
SWEPT_PARENTS = 8
"""Closing parents of which one commit sweeps a slice."""


class Flush(Command, frozen=True):
    """Commit what was buffered before this message."""


class Retry(Command, frozen=True):
    """The store could not commit; try again."""


class StoreActor(ChoreActor):
    """Owns the store's writing connection, on a thread of its own."""

    def __init__(self) -> None:
        super().__init__()
        self._requests: list[tuple[Address, Any]] = []
        self._weight = 0
        self._flushing = False
        self._gathering = Gathering()
        self._slots = Slots()
        self._pictures = Pictures()
        self._unsweeped: set[int] = set()
        self._reports = Reports(self)
        self._asked_idle: list[Address] = []
        self._tended_at = 0.0  # when the last round of chores began

    # -- life ---------------------------------------------------------------------------------------------------

    def receiveMsg_OpenStore(self, message: OpenStore, sender: Address) -> None:
        """Open the file; what this runtime's rows say it holds, if anything, is from an actor that died."""
        try:
            self._file = self.resource("open_store")(self.resource("precedence"))
        except StoreError as error:
            self.reply(Refused(str(error)))
            return
        except Exception as error:
            logger.exception("the store can not be opened")
            self.reply(Refused(f"the store can not be opened: {type(error).__name__}: {error}"))
            return
        self._pictures.traced = self._file.committer.context.traced
        self._chores = Chores(self.timers)
        self._chores.begin()
        if self._file.webhooks_behind():
            self._chores.announce_soon()
        self._slots.recount(self._file.leased())
        self.reply(StoreOpened(self._file.owner))

    def receiveMsg_Wiring(self, message: Wiring, sender: Address) -> None:
        """Remember whom to tell."""
        self._reports.rewire(message)

    def receiveMsg_CloseStore(self, message: CloseStore, sender: Address) -> None:
        """Commit what waits, give back what is leased, close."""
        given = 0
        if self._file is not None:
            self._slots.stop()
            try:
                self._commit()
                while message.fill_index and self._file.index_documents():
                    pass
                given = self._file.close()
            except Exception:
                logger.exception(
                    "closing %s; its leases come back when another runtime finds this one gone", self._file
                )
            self._file = None
        self.reply(StoreClosed(given))

    # -- requests -----------------------------------------------------------------------------------------------

    def _buffer(self, message: Any, sender: Address) -> None:
        """Kept for the next commit."""
        self._requests.append((sender, message))
        self._weight += len(message.attempts) if isinstance(message, Settle) else 1
        if not self._flushing:
            self._wake()
        elif (len(self._requests) >= MAX_REQUESTS or self._weight >= MAX_ATTEMPTS) and not self._unavailable:
            self._commit()

    receiveMsg_Submit = receiveMsg_StagePage = receiveMsg_NameChildren = receiveMsg_NamingFailed = _buffer
    receiveMsg_Settle = receiveMsg_ExtendLeases = receiveMsg_GiveBack = _buffer
    receiveMsg_CancelJob = receiveMsg_CloseParent = _buffer
    receiveMsg_DeleteJob = _buffer
    receiveMsg_ScheduleRuns = receiveMsg_Unschedule = receiveMsg_AdoptDefinitions = _buffer
    receiveMsg_PauseSchedule = receiveMsg_ResumeSchedule = _buffer
    receiveMsg_SaveAuthRecord = receiveMsg_RemoveAuthRecord = _buffer
    receiveMsg_SetWebhook = receiveMsg_RemoveWebhook = receiveMsg_AdoptWebhooks = _buffer
    receiveMsg_EnableWebhook = receiveMsg_DisableWebhook = _buffer
    receiveMsg_PauseJob = receiveMsg_ResumeJob = receiveMsg_PauseType = receiveMsg_ResumeType = _buffer
    receiveMsg_RetryJob = receiveMsg_RerunJob = _buffer

    def receiveMsg_SetDemand(self, message: SetDemand, sender: Address) -> None:
        """The new standing order, for others on record too; what is ready is leased at once."""
        self._slots.order(message)
        self._buffer(message, sender)

    def receiveMsg_WatchParent(self, message: WatchParent, sender: Address) -> None:
        """Answer with the parent as it is, and after every commit that touches it."""
        self._pictures.watch(message.job_id, sender)
        self._wake()

    def receiveMsg_UnwatchParent(self, message: UnwatchParent, sender: Address) -> None:
        """An orchestrator leaves memory while its parent goes on."""
        self._pictures.leave(message.job_id, sender)

    def receiveMsg_Sweep(self, message: Sweep, sender: Address) -> None:
        """The timed chores, and what other processes committed meanwhile."""
        if self._unavailable or self._file is None:
            return
        if not message.tend and not self._store.dead_owners():
            self._notice_others()
            return
        if message.asked_at is not None and message.asked_at < self._tended_at:
            return
        self._tended_at = self._store.clock.monotonic()
        try:
            commits, found = self._store.tend(self._slots.demand(everything=True))
        except StoreUnavailableError as error:
            self._pause(error)
            return
        for sentence in found:
            logger.warning(sentence)
        for done in commits:
            self._after(done, [])
        if self._store.firings_left:
            self.send(self.myAddress, Sweep(tend=True))
        self._wake()

    def receiveMsg_TellWhenIdle(self, message: TellWhenIdle, sender: Address) -> None:
        """Answered now or after the commit that settles the last lease."""
        self._asked_idle.append(sender)
        self._tell_idle()

    def _tell_idle(self) -> None:
        if self._asked_idle and self._slots.idle and not self._requests:
            for asker in self._asked_idle:
                self.send(asker, StoreIdle())
            self._asked_idle.clear()

    # -- commits ------------------------------------------------------------------------------------------------

    def _wake(self) -> None:
        if not self._flushing:
            self._flushing = True
            self.send(self.myAddress, Flush())

    def receiveMsg_Flush(self, message: Flush, sender: Address) -> None:
        """What queued before this message is committed, or waits for more."""
        if self._file is None or self._unavailable:
            self._flushing = False
        elif self._gathering.waits(self._weight, self._slots.under_way):
            self._reports.gathering()
        else:
            self._flushing = False
            self._commit()
            self._show(self._pictures.unseen(self._store.connection))

    receiveMsg_Gathered = receiveMsg_Flush

    def receiveMsg_Retry(self, message: Retry, sender: Address) -> None:
        """Try again what could not be committed."""
        self._unavailable = ""
        self._wake()

    def _commit(self) -> None:
        requests, self._requests, self._weight = self._requests, [], 0
        self._gathering.committed()
        asked = [request for _, request in requests]
        held = self._slots.release(asked)
        recount = any(isinstance(request, GiveBack) for request in asked)
        sweep = sorted(self._unsweeped)[:SWEPT_PARENTS]
        demand = Demand() if recount else self._slots.demand()
        if not requests and not sweep and not demand.ready and not demand.starts_ready:
            return
        try:
            commits = self._store.commit(asked, demand, sweep=sweep)
        except StoreUnavailableError as error:
            self._slots.restore(held)
            self._requests = requests + self._requests
            self._pause(error)
            return
        except Exception as error:
            # Nothing is known of what was asked: a new actor begins with the rows, and is asked again.
            logger.exception("a commit failed in a way it must not")
            raise SystemExit(1) from error
        self._unsweeped.difference_update(sweep)
        self._slots.committed(demand, commits)
        begun = [request for request in asked if isinstance(request, Submit) and request.page is not None]
        if begun:
            touched = {row.id for done in commits for row in done.touched}
            self._pictures.remember_runs(request for request in begun if request.run_id in touched)
        senders = [sender for sender, _ in requests]
        for done in commits:
            replying, senders = senders[: len(done.replies)], senders[len(done.replies) :]
            self._after(done, replying)
        if recount:
            self._slots.recount(self._store.leased())
        self._tell_idle()
        if self._unsweeped or self._slots.wanting:
            self._wake()

    def _after(self, done: Commit, senders: list[Address]) -> None:
        """Tell everybody what became durable."""
        for sender, reply in zip(senders, done.replies, strict=True):
            if reply is not None:
                self.send(sender, reply)
        self._slots.hold(done.jobs, done.starts, done.more)
        self._slots.touched(done.touched)
        self._pictures.remember(done.starts)
        self._unsweeped |= done.unsweeped
        self._chores.committed(done)
        self._reports.committed(done)
        self._show(self._pictures.of(self._store.connection, done.touched))

    def _show(self, pictures: Iterable[tuple[Address, ParentPicture | Refused]]) -> None:
        """Send pictures to those who watch; a parent that is too damaged to be shown is closed."""
        for watcher, picture in pictures:
            self.send(watcher, picture)
        for parent_id in self._pictures.take_damaged():
            self._buffer(CloseParent(parent_id, Closing.FAILED, DAMAGED_TEXT), self.myAddress)
            self._buffer(GiveBack(parent_id, DAMAGED_TEXT), self.myAddress)

    def _notice_others(self) -> None:
        """Another process committed: there may be work, and something of this runtime's may have been cancelled."""
        self._store.heard()
        if self._store.foreign_commits():
            self._notice(EVERYTHING)
            if self._store.webhooks_behind():
                self._chores.announce_soon()
            self._show(self._pictures.all(self._store.connection))
            self._reports.due(self._store.next_due())

    def receiveMsg_Rung(self, message: Rung, sender: Address) -> None:
        """Others say what of their commits concerns this runtime; the slow look would find it, and find the rest."""
        if self._file is not None and not self._unavailable:
            self._notice(self._file.heard())

    def _notice(self, concern: Concern) -> None:
        if concern & Concern.STOP:
            jobs, parents = self._store.stopping_jobs()
            self._unsweeped.update(parents)
            self._show(self._pictures.some(self._store.connection, parents))
            self._reports.stop(jobs)
        if concern & Concern.END:
            self._reports.ended_elsewhere()
        if concern & Concern.WORK:
            self._slots.look_everywhere()
        if self._unsweeped or self._slots.wanting:
            self._wake()

    def _pause(self, error: StoreUnavailableError) -> None:
        """Nothing can be committed now: nobody is answered, and the same is tried again."""
        if not self._unavailable:
            logger.error("the store can not commit: %s; trying again every %.1f s", error, RETRY_SECONDS)
        self._unavailable = str(error)
        self.timers.start("retry", RETRY_SECONDS, Retry())
