"""What runtimes ask of a store for their work, as drawn: submit, name, lease, settle; each predicts the answer."""

from typing import Any

from actors.documents import DocumentSpec
from actors.job import (
    Attempt,
    AttemptError,
    Completed,
    LeasedJob,
    LogLevel,
    LogLine,
    Page,
)
from actors.messages import (
    NameChildren,
    NamingFailed,
)
from tests.store.model_world import World


class Work(World):
    """The requests of a run's life."""

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
