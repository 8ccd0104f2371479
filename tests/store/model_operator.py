"""What operators ask of a store, as drawn: cancel, delete, pause, retry, rerun; each predicts the answer."""

from actors.job import (
    Closing,
)
from actors.messages import (
    CancelJob,
    CloseParent,
    DeleteAcknowledged,
    PauseJob,
    PauseType,
    Refused,
    RerunJob,
    ResumeJob,
    ResumeType,
    RetryJob,
    Submitted,
)
from tests.store.model_world import OPEN, World

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


class Operator(World):
    """The verbs of an operator, and what is erased after them."""

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
