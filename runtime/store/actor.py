"""The StoreActor: the one writer of this runtime. Requests are buffered and committed together.

The first request sends the actor a ``Flush`` of its own; whatever stood in the mailbox before it is committed with it
in one transaction, and only then are the replies sent. Under load a commit carries hundreds of requests; alone, a
request waits for nothing. What a commit makes ready is leased in that same commit, as far as the demand goes.
"""

import logging
from typing import Any

import msgspec

from actors.job import Counts, JobDefinition, JobKind, Step
from actors.messages import (
    CancelJob,
    CloseParent,
    CloseStore,
    Command,
    Committed,
    ExtendLeases,
    GiveBack,
    IndexDocuments,
    JobsToStop,
    Leased,
    NameChildren,
    NamingFailed,
    NextDue,
    OpenStore,
    ParentPicture,
    Refused,
    SetDemand,
    Settle,
    StagePage,
    StoreClosed,
    StoreIdle,
    StoreOpened,
    Submit,
    Sweep,
    TellWhenIdle,
    WatchParent,
    Wiring,
)
from actors.receive import Address, TypedActor
from runtime.store.commit import Commit, Demand, StoreUnavailableError
from runtime.store.database import StoreError
from runtime.store.file import StoreFile
from runtime.store.rows import ParentRow, read_parents

logger = logging.getLogger("quaero.store")

MAX_REQUESTS = 512
MAX_ATTEMPTS = 2048
"""Attempts in one commit: a batch of settlements is cut where it would hold the lock for too long."""
RETRY_SECONDS = 0.2
"""Between tries while nothing can be committed."""
INDEX_DELAY_SECONDS = 0.2
"""After a commit that saved documents, so that a burst is indexed together."""


class Flush(Command, frozen=True):
    """Commit what was buffered before this message."""


class Retry(Command, frozen=True):
    """The store could not commit; try again."""


class StoreActor(TypedActor):
    """Owns the store's writing connection, on a thread of its own."""

    dispatcher = "store"

    def __init__(self) -> None:
        super().__init__()
        self._file: StoreFile | None = None
        self._requests: list[tuple[Address, Any]] = []
        self._weight = 0
        self._flushing = False
        self._slots: dict[str, int] = {}
        self._naming_slots = 0
        self._actions: tuple[str, ...] = ()
        self._leased: dict[int, str] = {}  # job id → type, of this runtime
        self._in_use: dict[str, int] = {}  # how many of them by type
        self._namings: set[int] = set()
        self._ready: set[str] = set()  # types that may have ready work
        self._starts_ready = True
        self._unsweeped: set[int] = set()
        self._watchers: dict[int, Address] = {}
        self._unseen: set[int] = set()  # watched parents that were not shown yet
        self._about: dict[int, tuple[Step | None, str, tuple[str, ...]]] = {}
        self._wiring: Wiring | None = None
        self._asked_idle: list[Address] = []
        self._indexing = False
        self._next_due: int | None = None
        self._unavailable = ""

    @property
    def _store(self) -> StoreFile:
        if self._file is None:
            raise StoreError("the store is not open")
        return self._file

    # -- life ---------------------------------------------------------------------------------------------------

    def receiveMsg_OpenStore(self, message: OpenStore, sender: Address) -> None:
        """Open the file; what this runtime's rows say it holds, if anything, is from an actor that died."""
        try:
            self._file = self.resource("open_store")()
        except StoreError as error:
            self.reply(Refused(str(error)))
            return
        self._recount()
        self.reply(StoreOpened(self._file.owner))

    def receiveMsg_Wiring(self, message: Wiring, sender: Address) -> None:
        """Remember whom to tell."""
        self._wiring = message

    def receiveMsg_CloseStore(self, message: CloseStore, sender: Address) -> None:
        """Commit what waits, give back what is leased, close."""
        given = 0
        if self._file is not None:
            self._slots, self._naming_slots = {}, 0
            try:
                self._commit()
                if message.fill_index:
                    while self._file.index_documents():
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
        self._requests.append((sender, message))
        self._weight += len(message.attempts) if isinstance(message, Settle) else 1
        if not self._flushing:
            self._flushing = True
            self.send(self.myAddress, Flush())
        elif (len(self._requests) >= MAX_REQUESTS or self._weight >= MAX_ATTEMPTS) and not self._unavailable:
            self._commit()

    def receiveMsg_Submit(self, message: Submit, sender: Address) -> None:
        """Buffered for the next commit."""
        self._buffer(message, sender)

    def receiveMsg_StagePage(self, message: StagePage, sender: Address) -> None:
        """Buffered for the next commit."""
        self._buffer(message, sender)

    def receiveMsg_NameChildren(self, message: NameChildren, sender: Address) -> None:
        """Buffered for the next commit."""
        self._namings.discard(message.start.step_id)
        self._buffer(message, sender)

    def receiveMsg_NamingFailed(self, message: NamingFailed, sender: Address) -> None:
        """Buffered for the next commit."""
        self._namings.discard(message.start.step_id)
        self._buffer(message, sender)

    def receiveMsg_Settle(self, message: Settle, sender: Address) -> None:
        """Buffered for the next commit."""
        self._buffer(message, sender)

    def receiveMsg_ExtendLeases(self, message: ExtendLeases, sender: Address) -> None:
        """Buffered for the next commit."""
        self._buffer(message, sender)

    def receiveMsg_CancelJob(self, message: CancelJob, sender: Address) -> None:
        """Buffered for the next commit."""
        self._buffer(message, sender)

    def receiveMsg_CloseParent(self, message: CloseParent, sender: Address) -> None:
        """Buffered for the next commit."""
        self._buffer(message, sender)

    def receiveMsg_GiveBack(self, message: GiveBack, sender: Address) -> None:
        """Buffered for the next commit; the slots are counted anew from the rows after it."""
        if message.parent_id is None:
            self._namings.clear()
        self._buffer(message, sender)

    def receiveMsg_SetDemand(self, message: SetDemand, sender: Address) -> None:
        """The new standing order; what is ready is leased at once."""
        self._slots, self._naming_slots, self._actions = dict(message.slots), message.naming, message.actions
        self._ready.update(self._slots)
        self._starts_ready = True
        self._wake()

    def receiveMsg_WatchParent(self, message: WatchParent, sender: Address) -> None:
        """Answer with the parent as it is, and after every commit that touches it."""
        self._watchers[message.job_id] = sender
        self._unseen.add(message.job_id)
        self._wake()

    def receiveMsg_Sweep(self, message: Sweep, sender: Address) -> None:
        """The timed chores, and what other processes committed meanwhile."""
        if self._unavailable or self._file is None:
            return
        if not message.tend and not self._store.dead_owners():
            self._notice_others()
            return
        try:
            commits, found = self._store.tend(self._demand(everything=True))
        except StoreUnavailableError as error:
            self._pause(error)
            return
        for sentence in found:
            logger.warning(sentence)
        for done in commits:
            self._after(done, [])
        self._wake()

    def receiveMsg_IndexDocuments(self, message: IndexDocuments, sender: Address) -> None:
        """One small transaction of the search index."""
        try:
            self._indexing = self._store.index_documents()
            if self._indexing:
                self.timers.start("index", 0.0, IndexDocuments())
        except Exception:
            logger.warning("the search index waits", exc_info=True)
            self.timers.start("index", 5.0, IndexDocuments())

    def receiveMsg_TellWhenIdle(self, message: TellWhenIdle, sender: Address) -> None:
        """Answered now or after the commit that settles the last lease."""
        self._asked_idle.append(sender)
        self._tell_idle()

    def _tell_idle(self) -> None:
        if not self._leased and not self._namings and not self._requests:
            for asker in self._asked_idle:
                self.send(asker, StoreIdle())
            self._asked_idle.clear()

    # -- commits ------------------------------------------------------------------------------------------------

    def receiveMsg_Flush(self, message: Flush, sender: Address) -> None:
        """What queued before this message is committed."""
        self._flushing = False
        if self._file is not None and not self._unavailable:
            self._commit()
        if self._unseen and self._file is not None:
            self._show_new()

    def _wake(self) -> None:
        if not self._flushing:
            self._flushing = True
            self.send(self.myAddress, Flush())

    def _free(self, job_type: str) -> int:
        return self._slots.get(job_type, 0) - self._in_use.get(job_type, 0)

    def _demand(self, *, everything: bool = False) -> Demand:
        return Demand(
            free={each: self._free(each) for each in self._slots},
            ready=set(self._slots) if everything else self._ready & self._slots.keys(),
            starts=self._naming_slots - len(self._namings),
            starts_ready=self._starts_ready or everything,
            actions=self._actions,
        )

    def _hold(self, job_id: int, job_type: str) -> None:
        self._leased[job_id] = job_type
        self._in_use[job_type] = self._in_use.get(job_type, 0) + 1

    def _drop(self, job_id: int) -> str | None:
        job_type = self._leased.pop(job_id, None)
        if job_type is not None:
            self._in_use[job_type] -= 1
        return job_type

    def _commit(self) -> None:
        requests, self._requests, self._weight = self._requests, [], 0
        settled = [
            attempt.lease.job_id
            for _, request in requests
            if isinstance(request, Settle)
            for attempt in request.attempts
        ]
        held = [(job_id, job_type) for job_id in settled if (job_type := self._drop(job_id)) is not None]
        recount = any(isinstance(request, GiveBack) for _, request in requests)
        sweep = sorted(self._unsweeped)[:8]
        demand = self._demand() if not recount else Demand()
        if not requests and not sweep and not demand.ready and not demand.starts_ready:
            return
        try:
            commits = self._store.commit([request for _, request in requests], demand, sweep=sweep)
        except StoreUnavailableError as error:
            for job_id, job_type in held:
                self._hold(job_id, job_type)
            self._requests = requests + self._requests
            self._pause(error)
            return
        self._unavailable = ""
        self._unsweeped.difference_update(sweep)
        self._ready.difference_update(demand.ready)
        if demand.starts > 0:  # fewer than asked for: no more are ready
            self._starts_ready = any(len(done.starts) == demand.starts for done in commits)
        senders = [sender for sender, _ in requests]
        for done in commits:
            replying, senders = senders[: len(done.replies)], senders[len(done.replies) :]
            self._after(done, replying)
        if recount:
            self._recount()
        if self._asked_idle:
            self._tell_idle()
        naming = self._starts_ready and self._naming_slots > len(self._namings)
        if self._unsweeped or naming or any(self._free(each) > 0 for each in self._ready):
            self._wake()

    def _recount(self) -> None:
        self._leased, self._in_use = {}, {}
        for job_id, job_type in self._store.leased():
            self._hold(job_id, job_type)
        self._ready.update(self._slots)

    def _after(self, done: Commit, senders: list[Address]) -> None:
        """Tell everybody what became durable."""
        wiring = self._wiring
        for sender, reply in zip(senders, done.replies, strict=True):
            if reply is not None:
                self.send(sender, reply)
        for job in done.jobs:
            self._hold(job.id, job.type)
        for start in done.starts:
            self._namings.add(start.step_id)
            about = start.definition.id, start.definition.tags
            self._about[start.step_id] = start.step, *about
            self._about.setdefault(start.run_id, (None, *about))
        self._ready |= done.more
        self._unsweeped |= done.unsweeped
        for row in done.touched:
            if row.naming == "ready":
                self._starts_ready = True
            if row.concurrency and row.pending and not row.blocked:
                self._ready.update(self._slots)
            if row.id in self._watchers:
                self._unseen.discard(row.id)
                self._show(row)
            if row.ended:
                self._about.pop(row.id, None)
        if done.indexable and not self._indexing:
            self._indexing = True
            self.timers.start("index", INDEX_DELAY_SECONDS, IndexDocuments())
        if wiring is None:
            return
        if done.jobs or done.starts:
            self.send(wiring.processor, Leased(tuple(done.jobs), tuple(done.starts)))
        if done.cancelled_jobs:
            self.send(wiring.processor, JobsToStop(tuple(done.cancelled_jobs)))
        if done.last_seq:
            ended = tuple(row.id for row in done.touched if row.ended and row.kind == JobKind.RUN)
            self.send(wiring.events, Committed(done.last_seq, ended))
        if done.timed and done.next_due_ms != self._next_due:
            self._next_due = done.next_due_ms
            self.send(wiring.scheduler, NextDue(done.next_due_ms))

    def _notice_others(self) -> None:
        """Another process committed: there may be work, and something of this runtime's may have been cancelled."""
        if not self._store.foreign_commits():
            return
        self._ready.update(self._slots)
        self._starts_ready = True
        jobs, parents = self._store.stopping_jobs()
        if jobs and self._wiring is not None:
            self.send(self._wiring.processor, JobsToStop(tuple(jobs)))
        for row in read_parents(self._store.connection, self._watchers.keys() if self._watchers else ()):
            self._show(row)
        self._unsweeped.update(parents)
        if self._wiring is not None:
            self.send(self._wiring.events, Committed(0))
        self._wake()

    def _pause(self, error: StoreUnavailableError) -> None:
        """Nothing can be committed now: nobody is answered, and the same is tried again."""
        if not self._unavailable:
            logger.error("the store can not commit: %s; trying again every %.1f s", error, RETRY_SECONDS)
        self._unavailable = str(error)
        self.timers.start("retry", RETRY_SECONDS, Retry())

    def receiveMsg_Retry(self, message: Retry, sender: Address) -> None:
        """Try again what could not be committed."""
        self._unavailable = ""
        self._commit()

    def _show_new(self) -> None:
        """Answer those who have just begun to watch, together."""
        unseen, self._unseen = self._unseen, set()
        for row in read_parents(self._store.connection, unseen):
            unseen.discard(row.id)
            if row.id in self._watchers:
                self._show(row)
        for missing in unseen:
            self.send(self._watchers.pop(missing), Refused(f"there is no parent job {missing}"))

    def _show(self, row: ParentRow) -> None:
        step, definition_id, tags = self._describe(row)
        picture = ParentPicture(
            id=row.id,
            run_id=row.run_id,
            state=row.state,
            counts=row.counts if row.kind == "step" else Counts(),
            named=bool(row.named),
            closing=row.closing,
            step=step,
            reason=row.reason,
            definition_id=definition_id,
            tags=tags,
        )
        self.send(self._watchers[row.id], picture)
        if row.ended:
            self._watchers.pop(row.id, None)

    def _describe(self, row: ParentRow) -> tuple[Step | None, str, tuple[str, ...]]:
        known = self._about.get(row.id)
        if known is None:
            run, own = self._store.connection.execute(
                "SELECT run.payload, own.payload FROM job AS run, job AS own WHERE run.id = ? AND own.id = ?",
                (row.run_id, row.id),
            ).fetchone()
            definition = msgspec.json.decode(run, type=JobDefinition)
            step = msgspec.json.decode(own, type=Step) if row.kind == "step" else None
            known = self._about[row.id] = (step, definition.id, definition.tags)
        return known
