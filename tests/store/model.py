"""A model of what runtimes may ask of a store: seeded random sequences, two runtimes on one file, faults included.

Each step is one method, chosen by weight; each predicts from the rows what the store has to answer, and the oracle
judges after every commit. At the end the faults stop and everything must end; ``ends.py`` judges that.
"""

import random
from pathlib import Path
from typing import Any

from actors.documents import DocumentSpec
from actors.job import (
    Attempt,
    AttemptError,
    Closing,
    Completed,
    LeasedJob,
    LogLevel,
    LogLine,
    Page,
    StepStart,
)
from actors.messages import (
    CancelJob,
    CloseParent,
    DeleteAcknowledged,
    ExtendLeases,
    GiveBack,
    NameChildren,
    NamingFailed,
    PauseJob,
    PauseType,
    Refused,
    RerunJob,
    ResumeJob,
    ResumeType,
    RetryJob,
    Submit,
    Submitted,
)
from actors.seams import ManualClock
from tests.store.draws import Draws
from tests.store.driver import StoreDriver

PAUSABLE = """
SELECT state IN ('scheduled','pending','running')
    AND NOT EXISTS (SELECT 1 FROM parent WHERE parent.id IN (job.id, CASE job.kind WHEN 'job' THEN job.parent_id END)
                    AND closing IS NOT NULL) FROM job WHERE id = ?
"""
UNDONE = """
SELECT job.id, job.root_id FROM job JOIN job AS run ON run.id = job.root_id
WHERE job.kind = ? AND job.state NOT IN ('scheduled','pending','running','completed')
    AND run.state NOT IN ('scheduled','pending','running')
"""
DELETED = "(SELECT id FROM deletion)"
OPEN = ("scheduled", "pending", "running")

WEIGHTS = {
    "submit": 4,
    "submit_again": 1,
    "start": 6,
    "name": 8,
    "fail_to_name": 1,
    "lease": 14,
    "settle": 20,
    "cancel": 2,
    "delete": 2,
    "prune": 2,
    "close_parent": 1,
    "pause": 2,
    "resume": 4,
    "pause_a_type": 1,
    "retry": 8,
    "rerun": 1,
    "sweep": 2,
    "pass_time": 6,
    "set_the_wall_clock": 1,
    "tend": 5,
    "extend": 2,
    "give_back": 1,
    "kill_the_second_runtime": 1,
    "stop_the_second_runtime": 1,
    "start_another_runtime": 2,
    "damage_a_row": 1,
}


class Model:
    """One world: a store, up to two runtimes on it, and all they were ever given."""

    def __init__(self, seed: int, directory: Path) -> None:
        self.random = random.Random(seed)  # noqa: S311 (meant to be repeated)
        self.draws = Draws(self.random)
        self.path = directory / "jobs.db"
        self.clock = ManualClock()
        self.runtimes = [self.opened(), self.opened()]
        self.held: list[tuple[LeasedJob, StoreDriver]] = []  # every lease ever given, also the lost ones
        self.starts: list[tuple[StepStart, StoreDriver]] = []
        self.submissions: list[Submit] = []
        self.deletions = 0
        self.trace: list[str] = []
        self.retried: dict[str, bool] = {}  # whether a retry met an open run, something, or nothing to do
        self.settled: dict[
            str, int
        ] = {}  # how often an attempt met which state, to see that the model gets around

    def opened(self) -> StoreDriver:
        # Judged by the first runtime's oracle only: it has seen every event.
        return StoreDriver(
            self.path, self.clock, judged=False, lease_seconds=30, max_lost=2, max_attempts={"work": 2}
        )

    @property
    def store(self) -> StoreDriver:
        """The first runtime, which never dies."""
        return self.runtimes[0]

    @property
    def one(self) -> StoreDriver:
        """Either runtime."""
        return self.random.choice(self.runtimes)

    def step(self) -> None:
        (name,) = self.random.choices(list(WEIGHTS), list(WEIGHTS.values()))
        self.trace.append(name)
        getattr(self, name)()
        self.store.oracle.check()
        self.judge_knowledge()

    def judge_knowledge(self) -> None:
        """No wake-up is lost: work that is ready is known to a runtime from what its commits told it."""
        ready = {
            row[0]
            for row in self.store.rows(
                "SELECT DISTINCT type FROM lane WHERE ready = 1 AND type NOT IN (SELECT type FROM paused_type)"
            )
        }
        starts = self.store.rows(
            "SELECT id FROM parent WHERE naming = 'ready' AND paused = 0 AND naming_at <= ?",
            self.clock.wall_ms(),
        )
        for runtime in self.runtimes:
            if runtime.file.foreign_commits():
                runtime.another_committed()
            assert ready <= runtime.ready
            # A naming that waited for its time is found by the timer that NextDue has set.
            assert runtime.starts_ready or not starts or self.timed_namings(starts)

    def timed_namings(self, starts: list[tuple[int]]) -> bool:
        return all(self.store.parent(row[0])["naming_at"] > 0 for row in starts)

    def close(self) -> None:
        for runtime in self.runtimes:
            runtime.close()

    # -- requests -----------------------------------------------------------------------------------------------

    def submit(self) -> None:
        request = self.store.submission(self.draws.definition(), key=f"key-{len(self.submissions)}")
        assert self.store.submitted(request).created
        self.submissions.append(request)

    def submit_again(self) -> None:
        kept = [each for each in self.submissions if each.run_id not in self.store.oracle.deleted]
        if kept:
            request = self.random.choice(kept)
            before = self.store.value("SELECT count(*) FROM job")
            assert not self.store.submitted(request).created
            assert self.store.value("SELECT count(*) FROM job") == before

    def start(self) -> None:
        runtime = self.one
        paused = {row[0] for row in self.store.rows("SELECT id FROM parent WHERE paused <> 0")}
        starts = runtime.commit(starts=2).starts
        assert paused.isdisjoint(each for start in starts for each in (start.step_id, start.run_id))
        self.starts += [(start, runtime) for start in starts]

    def name(self) -> None:
        if not self.starts:
            return
        start, runtime = self.random.choice(self.starts[-4:])
        if not self.store.rows("SELECT id FROM parent WHERE id = ?", start.step_id):
            assert not runtime.commit(NameChildren(start, Page())).replies[0].accepted
            return
        parent = self.store.parent(start.step_id)
        live = parent["naming"] == "leased" and parent["token"] == start.token
        most = self.random.choice([0, 0, 0, 4])
        page = Page(self.draws.children(8), self.random.choice([None, None, "next"]), max_children=most)
        reply = runtime.commit(NameChildren(start, page)).replies[0]
        assert reply.accepted == live
        after = self.store.parent(start.step_id)
        assert after["total"] - parent["total"] == reply.inserted
        assert not most or reply.inserted <= most

    def fail_to_name(self) -> None:
        if self.starts:
            start, runtime = self.random.choice(self.starts)
            error = AttemptError("ValueError", "no list of pages")
            runtime.commit(NamingFailed(start, error, permanent=self.random.random() < 0.3, retry_in_ms=100))

    def lease(self) -> None:
        runtime, number = self.one, self.random.randint(1, 6)
        free = {"work": number, "other": number}
        not_to_run = {
            row[0]
            for row in self.store.rows("SELECT id FROM parent WHERE closing IS NOT NULL OR paused <> 0")
        } | {row[0] for row in self.store.rows("SELECT id FROM job WHERE lane_id < 0")}
        paused_types = {row[0] for row in self.store.rows("SELECT type FROM paused_type")}
        jobs = runtime.commit(lease=free).jobs
        for job_type in free:
            assert sum(job.type == job_type for job in jobs) <= number
        assert not_to_run.isdisjoint(each for job in jobs for each in (job.step_id, job.id, job.root_id))
        assert paused_types.isdisjoint(job.type for job in jobs)
        self.held += [(job, runtime) for job in jobs]

    def settle(self) -> None:
        """Attempts of any age: some are stale, some were settled before, some come twice in one request."""
        if not self.held:
            return
        chosen = self.random.choices(self.held[-12:], k=self.random.randint(1, 6))
        runtime = chosen[0][1]
        attempts = [self.attempt_of(job) for job, _ in chosen]
        found = {
            job.id: self.store.rows(
                "SELECT job.state, job.token, parent.closing, parent.id, parent.max_children FROM job"
                " JOIN parent ON parent.id = job.parent_id WHERE job.id = ?",
                job.id,
            )
            for job, _ in chosen
        }
        gone = {job_id for job_id, rows in found.items() if not rows}  # with its run, or by itself
        before = {job_id: rows[0] for job_id, rows in found.items() if rows}
        lines = self.store.value("SELECT count(*) FROM log_entry")
        reply = runtime.settle(*attempts)
        attempts = [each for each in attempts if each.lease.job_id not in gone]
        stale = [each for each in attempts if before[each.lease.job_id][1] != each.lease.token]
        assert set(reply.refused) == gone | {each.lease.job_id for each in stale}
        for each in attempts:
            state = "stale" if each in stale else before[each.lease.job_id][0]
            self.settled[state] = self.settled.get(state, 0) + 1
        if len(stale) == len(attempts):
            assert self.store.value("SELECT count(*) FROM log_entry") == lines + len(stale)
        if len(attempts) == 1 and not stale:
            self.judge_spawns(attempts[0], before[attempts[0].lease.job_id])

    def attempt_of(self, job: LeasedJob) -> Attempt:
        outcome = self.draws.outcome()
        left: dict[str, Any] = {}
        if isinstance(outcome, Completed) and self.random.random() < 0.5:
            left["children"] = self.draws.children(2)
            number = self.random.randint(0, 2)
            left["documents"] = (DocumentSpec("web", f"p{number}", None, "Title", f"text {number}"),)
        if self.random.random() < 0.3:
            left["logs"] = (LogLine(self.clock.wall_ms(), LogLevel.INFO, "a line"),)
        return Attempt(job.lease, job.step_id, outcome, **left)

    def judge_spawns(self, attempt: Attempt, before: tuple[str, int, str | None, int, int]) -> None:
        """The children of an accepted outcome are there, those of one settled before or under a closing step not."""
        job_id = attempt.lease.job_id
        state, _, closing, step_id, most = before
        made = self.store.rows("SELECT type, unique_key FROM job WHERE spawned_by = ?", job_id)
        if state == "running" and closing is not None:
            assert made == []
            if attempt.children:
                assert "were not made: the step is closing" in self.store.logs(job_id)[-1]
        elif state == "running" and not most:
            wanted = [(each.type, each.unique_key) for each in attempt.children]
            assert [row for row in made if row[1] is None] == [row for row in wanted if row[1] is None]
            known = self.store.rows("SELECT unique_key FROM job WHERE parent_id = ?", step_id)
            assert {key for _, key in wanted} <= {None, *(row[0] for row in known)}

    def cancel(self) -> None:
        kind = self.random.choice(["run", "step", "job", "job"])
        rows = self.store.rows("SELECT id, state FROM job WHERE kind = ? ORDER BY id DESC LIMIT 5", kind)
        if rows:
            job_id, state = self.random.choice(rows)
            reply = self.one.commit(CancelJob(job_id, "enough")).replies[0]
            if isinstance(reply, Refused):
                assert self.store.oracle.hidden(job_id)
                return
            assert state in OPEN or not reply.changed
            assert reply.state == self.store.state(job_id)

    def delete(self) -> None:
        """Anything: what is open stays, what was deleted before is not there."""
        rows = self.store.rows(
            "SELECT job.id, job.state, run.state FROM job JOIN job AS run ON run.id = job.root_id"
            " WHERE job.kind = ?",
            self.random.choice(["run", "step", "job", "job"]),
        )
        if rows:
            job_id, state, run_state = self.random.choice(rows)
            may = state not in OPEN and run_state not in OPEN and not self.store.oracle.hidden(job_id)
            reply = self.one.delete(job_id)
            assert isinstance(reply, DeleteAcknowledged) == may, reply
            self.deletions += may

    def prune(self) -> None:
        """A slice by either runtime, perhaps in the middle of what the other has begun."""
        runtime = self.one
        if self.random.random() < 0.3:
            runtime.file.pruning.begin()
        runtime.prune_slice()

    def close_parent(self) -> None:
        rows = self.store.rows("SELECT id FROM parent ORDER BY id DESC LIMIT 6")
        if rows:
            closing = self.random.choice([Closing.TIMEOUT, Closing.FAILED])
            self.one.commit(CloseParent(self.random.choice(rows)[0], closing, "it took too long"))

    def pause(self) -> None:
        self.change_pause(PauseJob)

    def resume(self) -> None:
        self.change_pause(ResumeJob)

    def change_pause(self, request: type[PauseJob | ResumeJob]) -> None:
        """Whether it changes anything follows from the rows; a second time it never does."""
        kind = self.random.choice(["run", "step", "job", "job"])
        rows = self.store.rows("SELECT id FROM job WHERE kind = ? ORDER BY id DESC LIMIT 5", kind)
        if not rows:
            return
        (job_id,) = self.random.choice(rows)
        if self.store.oracle.hidden(job_id):
            assert isinstance(self.one.commit(request(job_id)).replies[0], Refused)
            return
        before = self.paused(job_id)
        accepts = self.store.value(PAUSABLE, job_id)
        wanted = request is PauseJob
        reply = self.one.commit(request(job_id)).replies[0]
        assert reply.state == self.store.state(job_id)
        assert reply.changed == (before != wanted and bool(accepts or (not wanted and reply.state in OPEN)))
        assert self.paused(job_id) == (wanted if reply.changed else before)
        assert not self.one.commit(request(job_id)).replies[0].changed

    def paused(self, job_id: int) -> bool:
        """By itself, whatever is above it."""
        return bool(
            self.store.value(
                "SELECT job.lane_id < 0 OR parent.paused & 1 FROM job LEFT JOIN parent USING (id) WHERE id = ?",
                job_id,
            )
        )

    def pause_a_type(self) -> None:
        job_type = self.random.choice(["work", "other"])
        paused = bool(self.store.value("SELECT count(*) FROM paused_type WHERE type = ?", job_type))
        request = self.random.choice([PauseType, ResumeType, ResumeType])
        assert self.one.commit(request(job_type)).replies[0].changed == (paused != (request is PauseType))

    def retry(self) -> None:
        """What the rows say has failed or was cancelled is opened again, and nothing else; or nothing is changed."""
        kind = self.random.choice(["run", "run", "step", "job"])
        rows = self.store.rows("SELECT id, root_id FROM job WHERE kind = ? ORDER BY id DESC LIMIT 6", kind)
        undone = self.store.rows(UNDONE, kind)
        if not rows:
            return
        job_id, run_id = self.random.choice(undone if undone and self.random.random() < 0.7 else rows)
        if self.store.oracle.hidden(job_id):
            assert isinstance(self.one.commit(RetryJob(job_id)).replies[0], Refused)
            return
        failed_only = self.random.random() < 0.4
        wanted = [
            row[0]
            for row in self.store.rows(
                "SELECT job.id FROM job JOIN job AS step ON step.id = job.parent_id WHERE job.kind = 'job'"
                " AND ? IN (job.id, step.id, step.parent_id) "
                " AND (job.state = 'failed' OR (? AND job.state = 'cancelled'))",
                job_id,
                not failed_only,
            )
            if not self.store.oracle.hidden(row[0])
        ]
        ended = self.store.state(run_id) not in OPEN
        before = dict(self.store.rows("SELECT id, epoch FROM job WHERE kind = 'job'"))
        events = self.store.value("SELECT event_seq FROM sequence")
        reply = self.one.commit(RetryJob(job_id, failed_only)).replies[0]
        opened = [
            row[0]
            for row in self.store.rows("SELECT id, epoch FROM job WHERE kind = 'job'")
            if row[1] != before[row[0]]
        ]
        self.retried["open" if not ended else "acknowledged" if wanted else "nothing"] = True
        if not ended:
            assert isinstance(reply, Refused)
        if isinstance(reply, Refused):
            assert not (ended and wanted)
            assert self.store.value("SELECT event_seq FROM sequence") == events
        else:
            assert (reply.jobs, reply.run_id, opened) == (len(wanted), run_id, sorted(wanted))
            assert all(self.store.state(each) == "pending" for each in wanted)
            assert reply.state == self.store.state(job_id)

    def rerun(self) -> None:
        """A new run with as many steps, and nothing of the old one is changed; unless a row is damaged or deleted."""
        kind = self.random.choice(["run", "step", "job"])
        rows = self.store.rows("SELECT id FROM job WHERE kind = ? ORDER BY id DESC LIMIT 5", kind)
        if not rows:
            return
        job_id, runtime = self.random.choice(rows)[0], self.one
        before = self.store.rows("SELECT id, state, epoch, attempt FROM job ORDER BY id")
        new = runtime.file.ids.next()
        reply = runtime.commit(RerunJob(job_id, new)).replies[0]
        after = self.store.rows(
            "SELECT id, state, epoch, attempt FROM job WHERE root_id <> ? ORDER BY id", new
        )
        assert after == before
        steps = self.store.value("SELECT count(*) FROM job WHERE parent_id = ?", new)
        lost = isinstance(reply, Refused) and "was deleted, and its children with it" in reply.message
        if lost:
            assert kind == "run"
            assert '"action":"fan_out"' in self.store.column("payload", job_id)
            assert not self.store.rows(
                f"SELECT 1 FROM job WHERE parent_id = ? AND id NOT IN {DELETED}", job_id
            )
        elif self.store.oracle.hidden(job_id) or kind == "job":
            assert isinstance(reply, Refused) or (kind, steps) == ("job", 1)
        else:
            assert reply == Submitted(new, created=True)
            number = "SELECT json_array_length(payload, '$.steps') FROM job WHERE id = ?"
            assert steps == (1 if kind == "step" else self.store.value(number, job_id))

    def sweep(self) -> None:
        for runtime in self.runtimes:
            runtime.sweep()

    # -- time and death -----------------------------------------------------------------------------------------

    def pass_time(self) -> None:
        self.clock.advance(self.random.choice([0.3, 1.0, 20.0]))

    def set_the_wall_clock(self) -> None:
        self.clock.set_wall_ms(self.clock.wall_ms() + self.random.choice([-3, -1, 2]) * 3_600_000)

    def tend(self) -> None:
        self.one.tend()

    def extend(self) -> None:
        runtime = self.one
        runtime.commit(ExtendLeases(tuple(job.id for job, holder in self.held if holder is runtime)))

    def give_back(self) -> None:
        rows = self.store.rows("SELECT id FROM parent ORDER BY id")
        parent = self.random.choice(rows)[0] if rows and self.random.random() < 0.6 else None
        self.one.commit(GiveBack(parent, "an actor died", namings_only=self.random.random() < 0.3))

    def kill_the_second_runtime(self) -> None:
        if len(self.runtimes) > 1:
            dead = self.runtimes.pop()
            lost = self.store.value("SELECT count(*) FROM job WHERE owner = ?", dead.file.owner)
            dead.die()
            _, found = self.store.tend()
            assert found == [f"runtime {dead.file.owner} died; {lost} jobs it was running were taken over"]
            self.inherit(dead)

    def stop_the_second_runtime(self) -> None:
        if len(self.runtimes) > 1:
            stopped = self.runtimes.pop()
            stopped.close()
            self.inherit(stopped)

    def start_another_runtime(self) -> None:
        if len(self.runtimes) == 1:
            self.runtimes.append(self.opened())

    def inherit(self, gone: StoreDriver) -> None:
        """What the one that is gone held may still be settled: by the other, in vain."""
        self.held = [(job, self.store if holder is gone else holder) for job, holder in self.held]
        self.starts = [(start, self.store if holder is gone else holder) for start, holder in self.starts]

    def damage_a_row(self) -> None:
        rows = self.store.rows(
            "SELECT id FROM job WHERE kind = 'job' AND state = 'pending' ORDER BY id LIMIT 5"
        )
        if rows:
            value = self.random.choice(['{"n":2, "m":3}', b"{\xff", "", '{"n":'])
            self.store.damage(self.random.choice(rows)[0], "payload", value)

    # -- the end ------------------------------------------------------------------------------------------------

    def resume_everything(self) -> None:
        paused = self.store.rows(
            "SELECT id FROM parent WHERE paused & 1 UNION SELECT id FROM job WHERE lane_id < 0"
        )
        self.store.commit(*(ResumeJob(row[0]) for row in paused), ResumeType("work"), ResumeType("other"))

    def let_everything_end(self) -> None:
        """No more faults: one runtime that does all it can."""
        store = self.store
        while len(self.runtimes) > 1:
            self.stop_the_second_runtime()
        store.judged = True
        store.commit(GiveBack(None, "the faults are over"))
        self.resume_everything()
        for _ in range(300):
            if not store.value(f"SELECT count(*) FROM job WHERE state IN {OPEN}"):
                for _ in range(self.random.randint(0, 8)):  # now most of it may be deleted
                    self.delete()
                    self.prune()
                store.prune()
                assert store.value("SELECT count(*) FROM deletion") == 0
                return
            self.clock.advance(minutes=240)
            store.tend()
            store.sweep()
            done = store.commit(lease={"work": 50, "other": 50}, starts=10)
            store.commit(*(NameChildren(start, Page()) for start in done.starts))
            if done.jobs:
                store.complete(*done.jobs)
        left = store.rows(f"SELECT id, kind, state FROM job WHERE state IN {OPEN}")
        raise AssertionError(
            f"these never ended: {left}; {[store.parent(row[0]) for row in left if row[1] != 'job']}"
        )
