"""Drives a real store file by requests, without actors, and has the oracle judge it after every commit."""

from collections.abc import Mapping
from itertools import count
from pathlib import Path
from typing import Any

import msgspec

from actors.job import (
    Attempt,
    AttemptError,
    ChildSpec,
    Completed,
    Failed,
    JobDefinition,
    LeasedJob,
    Outcome,
    Page,
    Step,
    StepStart,
)
from actors.messages import (
    CancelAcknowledged,
    CancelJob,
    DeleteAcknowledged,
    DeleteJob,
    NameChildren,
    Named,
    Refused,
    Settle,
    Settled,
    Submit,
    Submitted,
)
from actors.seams import ManualClock
from runtime.store.commit import Commit, Demand
from runtime.store.file import StoreFile
from tests.store.oracle import Oracle

ACTIONS = ("act", "fan_out")
EVERY_TYPE = frozenset({"work", "other"})


def spec(number: int = 0, **options: Any) -> ChildSpec:
    """A child of type "work"."""
    return ChildSpec(**{"type": "work", "payload": f'{{"n":{number}}}', **options})


def specs(number: int, **options: Any) -> tuple[ChildSpec, ...]:
    return tuple(spec(each, **options) for each in range(number))


def step(name: str = "only", **options: Any) -> Step:
    return Step(**{"name": name, "action": "act", **options})


def definition(*steps: Step, **options: Any) -> JobDefinition:
    return JobDefinition(**{"id": "test", "name": "Test", "steps": steps or (step(),), **options})


def failed(message: str = "broken", **options: Any) -> Failed:
    return Failed(AttemptError("ValueError", message), **options)


class StoreDriver:
    """One runtime's store file, as its actor would use it. Everything it does is one commit, judged afterwards."""

    def __init__(
        self, path: Path, clock: ManualClock | None = None, *, judged: bool = True, **options: Any
    ) -> None:
        self.path = path
        self.clock = clock or ManualClock()
        self.file = StoreFile(path, self.clock, **{"synchronous": "OFF", **options})
        self.oracle = Oracle(path)
        self.judged = judged
        self.unsweeped: set[int] = set()
        self.ready: set[str] = set(EVERY_TYPE)
        self.starts_ready = True
        self._numbers = count(1)

    def close(self) -> None:
        self.oracle.close()
        if self.file is not None:
            self.file.close()

    def die(self) -> None:
        """End as a killed process does: no farewell, the lock is dropped by the kernel and its file stays."""
        self.oracle.close()
        self.file._database.close()
        self.file._lock.drop()

    # -- commits ------------------------------------------------------------------------------------------------

    def commit(
        self,
        *requests: Any,
        lease: Mapping[str, int] | None = None,
        starts: int = 0,
        sweep: tuple[int, ...] = (),
        actions: tuple[str, ...] = ACTIONS,
    ) -> Commit:
        """One call of the committer; its commits as one, replies in order."""
        demand = self._demand(lease, starts, actions)
        commits = self.file.commit(list(requests), demand, sweep=list(sweep))
        return self.seen(commits, demand)

    def tend(self, *, lease: Mapping[str, int] | None = None, starts: int = 0) -> tuple[Commit, list[str]]:
        demand = self._demand(lease, starts, ACTIONS)
        commits, found = self.file.tend(demand)
        return self.seen(commits, demand), found

    @staticmethod
    def _demand(lease: Mapping[str, int] | None, starts: int, actions: tuple[str, ...]) -> Demand:
        free = dict(lease or {})
        return Demand(free=free, ready=set(free), starts=starts, starts_ready=starts > 0, actions=actions)

    def seen(self, commits: list[Commit], demand: Demand) -> Commit:
        """Those commits as one, with what they told remembered and the rows judged."""
        whole = Commit()
        for done in commits:
            whole.replies += done.replies
            whole.jobs += done.jobs
            whole.starts += done.starts
            whole.touched += done.touched
            whole.more |= done.more
            whole.unsweeped |= done.unsweeped
            whole.cancelled_jobs += done.cancelled_jobs
            whole.last_seq = max(whole.last_seq, done.last_seq)
            whole.indexable |= done.indexable
            if done.timed:
                whole.timed, whole.next_due_ms = True, done.next_due_ms
        self.unsweeped |= whole.unsweeped
        self._remember_ready(whole, demand)
        if self.judged:
            self.oracle.check()
        return whole

    def _remember_ready(self, done: Commit, demand: Demand) -> None:
        """What the store's actor would know of ready work from the answers alone, without looking at the rows."""
        self.ready = (self.ready - demand.ready) | done.more
        if demand.starts > 0:
            self.starts_ready = len(done.starts) == demand.starts
        for row in done.touched:
            self.starts_ready |= row.naming == "ready"
            if row.concurrency and row.pending and not row.blocked:
                self.ready |= EVERY_TYPE

    def another_committed(self) -> None:
        """What the store's actor takes from a foreign commit: there may be work of any kind."""
        self.ready, self.starts_ready = set(EVERY_TYPE), True

    # -- sentences ----------------------------------------------------------------------------------------------

    def submit(self, what: JobDefinition | None = None, *, key: str | None = None) -> int:
        return self.submitted(self.submission(what, key=key)).run_id

    def submission(self, what: JobDefinition | None = None, *, key: str | None = None) -> Submit:
        what = what or definition()
        ids = self.file.ids
        return Submit(what, ids.next(), tuple(ids.next() for _ in what.steps), key)

    def submitted(self, request: Submit) -> Submitted:
        reply = self.commit(request).replies[0]
        assert isinstance(reply, Submitted), reply
        return reply

    def start(self) -> StepStart:
        """The one step whose children are to be named now."""
        (found,) = self.commit(starts=1).starts
        return found

    def name(
        self, start: StepStart, *children: ChildSpec, cursor: str | None = None, **options: Any
    ) -> Named:
        page = Page(children, cursor, **options)
        reply = self.commit(NameChildren(start, page)).replies[0]
        assert isinstance(reply, Named), reply
        return reply

    def run_with(self, *children: ChildSpec, of: JobDefinition | None = None) -> int:
        """A submitted run whose first ready step has exactly these children."""
        run_id = self.submit(of)
        self.name(self.start(), *children)
        return run_id

    def lease(self, number: int = 1000, job_type: str = "work") -> list[LeasedJob]:
        return self.commit(lease={job_type: number}).jobs

    def attempt(self, job: LeasedJob, outcome: Outcome | None = None, **left: Any) -> Attempt:
        return Attempt(job.lease, job.step_id, outcome or Completed(), **left)

    def settle(self, *attempts: Attempt) -> Settled:
        reply = self.commit(Settle(next(self._numbers), attempts)).replies[0]
        assert isinstance(reply, Settled), reply
        return reply

    def complete(self, *jobs: LeasedJob) -> Settled:
        return self.settle(*(self.attempt(job) for job in jobs))

    def fail(self, *jobs: LeasedJob, **options: Any) -> Settled:
        return self.settle(*(self.attempt(job, failed(**{"permanent": True, **options})) for job in jobs))

    def cancel(self, job_id: int, reason: str = "") -> CancelAcknowledged:
        reply = self.commit(CancelJob(job_id, reason)).replies[0]
        assert isinstance(reply, CancelAcknowledged), reply
        return reply

    def delete(self, job_id: int) -> DeleteAcknowledged | Refused:
        reply = self.commit(DeleteJob(job_id)).replies[0]
        assert isinstance(reply, DeleteAcknowledged | Refused), reply
        return reply

    def prune(self, *, begin: bool = True) -> int:
        """A round of pruning, or only the rest of one; returns how many slices it took."""
        if begin:
            self.file.pruning.begin()
        for number in count(1):
            if not self.prune_slice():
                return number
        raise AssertionError

    def prune_slice(self) -> bool:
        """One slice; returns whether there is more to do."""
        commits, more = self.file.pruning.slice()
        self.seen(commits, Demand())
        return more

    def sweep(self) -> int:
        """Sweep slices until none is left; returns how many commits it took."""
        for number in count():
            if not self.unsweeped:
                return number
            parents, self.unsweeped = tuple(sorted(self.unsweeped)), set()
            self.commit(sweep=parents)
        raise AssertionError

    # -- what the rows say --------------------------------------------------------------------------------------

    def rows(self, text: str, *parameters: object) -> list[tuple[Any, ...]]:
        return self.oracle.rows(text, *parameters)

    def value(self, text: str, *parameters: object) -> Any:
        return self.oracle.value(text, *parameters)

    def state(self, job_id: int) -> str:
        return str(self.value("SELECT state FROM job WHERE id = ?", job_id))

    def states(self, parent_id: int) -> list[str]:
        """The states of the children, in the order of their ids."""
        return [
            row[0] for row in self.rows("SELECT state FROM job WHERE parent_id = ? ORDER BY id", parent_id)
        ]

    def column(self, name: str, job_id: int) -> Any:
        return self.value(f"SELECT {name} FROM job WHERE id = ?", job_id)

    def parent(self, job_id: int) -> dict[str, Any]:
        cursor = self.oracle.connection.execute("SELECT * FROM parent WHERE id = ?", (job_id,))
        return dict(zip((each[0] for each in cursor.description), cursor.fetchone(), strict=True))

    def steps(self, run_id: int) -> dict[str, int]:
        """The ids of the run's steps by name."""
        return dict(self.rows("SELECT name, id FROM job WHERE parent_id = ? ORDER BY id", run_id))

    def logs(self, job_id: int) -> list[str]:
        return [
            row[0] for row in self.rows("SELECT text FROM log_entry WHERE job_id = ? ORDER BY id", job_id)
        ]

    def status_events(self, job_id: int) -> list[str]:
        self.oracle.check()
        return self.oracle.history.get(job_id, [])

    def damage(self, job_id: int, column: str, value: object) -> None:
        """Change a row behind the store's back, as a flipped bit would."""
        shown = "CAST(? AS TEXT)" if isinstance(value, bytes) else "?"
        self.file.connection.execute(f"UPDATE job SET {column} = {shown} WHERE id = ?", (value, job_id))


def encoded_page(rows: list[tuple[int, str, int, str | None]]) -> bytes:
    """Rows of a staged page as ``fan_out`` writes them: (id, payload, crc, unique key)."""
    return msgspec.json.encode(rows)


def only(store: StoreDriver, run_id: int) -> int:
    """The step of a run that has one."""
    return store.steps(run_id)["only"]


def with_a_lost_run(path: Path) -> tuple[StoreDriver, int, LeasedJob]:
    """A store in which the row of a failed job's run is gone; the run's number and the job."""
    store = StoreDriver(path, judged=False)
    run_id = store.run_with(spec())
    (job,) = store.lease()
    store.fail(job)
    store.file.connection.execute("DELETE FROM parent WHERE id = ?", (run_id,))
    return store, run_id, job
