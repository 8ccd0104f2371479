"""An independent judge of a store: everything it asserts is counted from the rows by SQL of its own.

It looks through a connection of its own, never at what the committer returned, and replays the events it has not seen
yet, so that a test may ask it after every commit.
"""

import sqlite3
from pathlib import Path
from typing import Any

import msgspec

from actors.job import JobKind, JobState
from actors.states import is_legal

LOW_WATER = 1000
OPEN = "('scheduled','pending','running')"
ENDS = ("completed", "failed", "cancelled", "completed_with_failures")
STATES = ("scheduled", "pending", "running", "completed", "failed", "cancelled")

# Each query finds the rows that break the sentence.
RULES: dict[str, str] = {
    "a parent's two rows have one state": """
        SELECT job.id, job.state, parent.state FROM parent JOIN job USING (id) WHERE job.state <> parent.state""",
    "every run and step has its parent row": """
        SELECT id FROM job WHERE kind <> 'job' AND id NOT IN (SELECT id FROM parent)""",
    "a step's total is the sum of its counts": """
        SELECT id FROM parent WHERE total <> scheduled + pending + running + completed + failed + cancelled""",
    "a run's open steps are counted": f"""
        SELECT id, open_steps FROM parent WHERE kind = 'run' AND open_steps <>
            (SELECT count(*) FROM job WHERE job.parent_id = parent.id AND job.state IN {OPEN})""",
    "an ended run or step has nothing open": f"""
        SELECT id, parent_id FROM job WHERE state IN {OPEN} AND parent_id IN
            (SELECT id FROM job WHERE state NOT IN {OPEN})""",
    "a step with nothing open and no more to name has ended": f"""
        SELECT id FROM parent WHERE kind = 'step' AND state IN {OPEN} AND scheduled + pending + running = 0
            AND (named = 1 OR closing IS NOT NULL)""",
    "a run whose steps have ended has ended": f"""
        SELECT id FROM parent WHERE kind = 'run' AND state IN {OPEN} AND open_steps = 0""",
    "waiting counts the unended dependencies": f"""
        SELECT id, waiting FROM parent WHERE kind = 'step' AND waiting <>
            (SELECT count(*) FROM dependency JOIN job ON job.id = needs_id
             WHERE step_id = parent.id AND job.state IN {OPEN})""",
    "a step that can go on is not left idle": f"""
        SELECT id FROM parent WHERE kind = 'step' AND state IN {OPEN} AND closing IS NULL AND waiting = 0
            AND named = 0 AND naming = 'idle' AND pending < {LOW_WATER}""",
    "naming is offered only for a step that may go on": f"""
        SELECT id FROM parent WHERE naming <> 'idle' AND (kind = 'run' OR state NOT IN {OPEN}
            OR closing IS NOT NULL OR waiting > 0 OR named = 1)""",
    "a leased naming has a living owner's number": """
        SELECT id FROM parent WHERE (naming = 'leased') <> (naming_owner IS NOT NULL)
            OR (naming_owner IS NOT NULL AND naming_owner NOT IN (SELECT id FROM owner))""",
    "a lane counts its pending jobs": """
        SELECT id, pending FROM lane WHERE pending <>
            (SELECT count(*) FROM job WHERE lane_id = lane.id AND state = 'pending')""",
    "a lane is ready exactly when it may be leased from": f"""
        SELECT lane.id FROM lane JOIN parent ON parent.id = lane.parent_id WHERE lane.ready <>
            (lane.pending > 0 AND lane.not_before = 0 AND parent.closing IS NULL AND parent.paused = 0
             AND parent.waiting = 0 AND parent.state IN {OPEN}
             AND NOT (parent.concurrency > 0 AND parent.running >= parent.concurrency))""",
    "a step is paused through its run exactly while that is paused": f"""
        SELECT step.id FROM parent AS step JOIN parent AS run ON run.id = step.run_id
        WHERE step.kind = 'step' AND step.state IN {OPEN} AND (step.paused & 2 <> 0) <> (run.paused & 1 <> 0)""",
    "paused types are counted": """
        SELECT paused_types FROM sequence WHERE paused_types <> (SELECT count(*) FROM paused_type)""",
    "a step never runs more than its concurrency": """
        SELECT id FROM parent WHERE concurrency > 0 AND running > concurrency""",
    "exactly the running jobs are leased": """
        SELECT id FROM job WHERE kind = 'job' AND ((state = 'running') <> (owner IS NOT NULL)
            OR (state = 'running') <> (lease_expires IS NOT NULL) OR (state = 'running' AND attempt < 1))""",
    "a lease belongs to an owner on record": """
        SELECT id FROM job WHERE owner IS NOT NULL AND owner NOT IN (SELECT id FROM owner)""",
    "attempts stay within their budget": """
        SELECT id FROM job WHERE kind = 'job' AND (attempt > max_attempts OR attempt < 0)""",
    "a scheduled job has its time, a pending one none": """
        SELECT id FROM job WHERE (state = 'scheduled' AND not_before IS NULL)
            OR (state IN ('pending', 'running') AND not_before IS NOT NULL)""",
    "exactly the ended ones have an end time": f"""
        SELECT id FROM job WHERE (state IN {OPEN}) <> (finished_at IS NULL)""",
    "tokens never exceed the sequence": """
        SELECT id FROM job WHERE token > (SELECT token FROM sequence)
        UNION SELECT id FROM parent WHERE token > (SELECT token FROM sequence)""",
    "every job is below a step of its own run": """
        SELECT job.id FROM job LEFT JOIN job AS step ON step.id = job.parent_id WHERE job.kind = 'job'
            AND (step.kind IS NOT 'step' OR step.root_id <> job.root_id)""",
    "every log line, save, lane, dependency and submit key belongs to rows": """
        SELECT job_id FROM log_entry WHERE job_id NOT IN (SELECT id FROM job)
        UNION SELECT job_id FROM document_save WHERE job_id NOT IN (SELECT id FROM job)
        UNION SELECT parent_id FROM lane WHERE parent_id NOT IN (SELECT id FROM parent)
        UNION SELECT needs_id FROM dependency WHERE needs_id NOT IN (SELECT id FROM parent)
        UNION SELECT step_id FROM dependency WHERE step_id NOT IN (SELECT id FROM parent)
        UNION SELECT run_id FROM submit_key WHERE ended_at IS NULL AND run_id NOT IN (SELECT id FROM parent)""",
    "only an ended run or step is deleted": f"""
        SELECT id FROM deletion WHERE id NOT IN
            (SELECT id FROM job WHERE kind <> 'job' AND state NOT IN {OPEN})""",
    "the steps of a deleted run are deleted": """
        SELECT id FROM job WHERE kind = 'step' AND parent_id IN (SELECT id FROM deletion)
            AND id NOT IN (SELECT id FROM deletion)""",
}


class Oracle:
    """Judges one store, again and again."""

    def __init__(self, path: Path) -> None:
        self.connection = sqlite3.connect(
            f"{path.resolve().as_uri()}?mode=ro", uri=True, isolation_level=None
        )
        self.states: dict[int, str] = {}  # by the events alone
        self.history: dict[int, list[str]] = {}
        self.events: list[tuple[int, str, int, int, dict[str, Any]]] = []  # seq, type, run, job, data
        self.deleted: dict[int, int] = {}  # by which event
        self.ended_at: dict[int, int] = {}  # by which event, the last time
        self.above: dict[int, tuple[int, int]] = {}  # a job's run and parent
        self.epochs: dict[int, int] = {}
        self._seq = 0
        self._tokens: dict[int, int] = {}

    def close(self) -> None:
        self.connection.close()

    def rows(self, text: str, *parameters: object) -> list[tuple[Any, ...]]:
        return self.connection.execute(text, parameters).fetchall()

    def value(self, text: str, *parameters: object) -> Any:
        return self.connection.execute(text, parameters).fetchone()[0]

    def happened(self, *what: str) -> list[int]:
        """Whose events of these types, or to these states, there were, in their order."""
        self.check()
        return [job for _, event, _, job, data in self.events if event in what or data.get("state") in what]

    def check(self) -> None:
        """Assert everything that must hold between two commits."""
        self.connection.execute("BEGIN")
        try:
            broken = [f"{rule}: {found[:5]}" for rule, text in RULES.items() if (found := self.rows(text))]
            broken += self._miscounted() + self._misreported() + self._reused_tokens() + self._wrong_epochs()
        finally:
            self.connection.execute("COMMIT")
        assert not broken, "\n".join(broken)

    def _miscounted(self) -> list[str]:
        counted: dict[int, dict[str, int]] = {}
        for parent_id, state, number in self.rows(
            "SELECT parent_id, state, count(*) FROM job WHERE kind = 'job' GROUP BY parent_id, state"
        ):
            counted.setdefault(parent_id, {})[state] = number
        broken = []
        for row in self.rows(f"SELECT id, {', '.join(STATES)} FROM parent WHERE kind = 'step'"):
            rows = tuple(counted.get(row[0], {}).get(state, 0) for state in STATES)
            if rows != row[1:]:
                broken.append(f"step {row[0]} counts {row[1:]}, its rows are {rows} ({', '.join(STATES)})")
        return broken

    def _misreported(self) -> list[str]:
        """Replay the new events: one for each transition, without a hole, and at the end the rows' own states."""
        broken = []
        for first, last, blob in self.rows(
            "SELECT first_seq, last_seq, batch FROM event_batch WHERE first_seq > ? ORDER BY first_seq",
            self._seq,
        ):
            if first != self._seq + 1:
                broken.append(f"events {self._seq + 1} to {first - 1} are missing")
            seq = first - 1
            for event_type, run_id, job_ids, data in msgspec.msgpack.decode(blob):
                for job_id in job_ids:
                    seq += 1
                    self.events.append((seq, event_type, run_id, job_id, data))
                    if event_type == "job_status_change":
                        above = data.get("parent_id", run_id)
                        kind = JobKind.STEP if above == run_id else JobKind.JOB
                        kind = JobKind.RUN if job_id == run_id else kind
                        broken += self._follow(kind, job_id, data["state"], seq)
                        self.above[job_id] = run_id, above
                    elif event_type == "job_deleted":
                        self.deleted[job_id] = seq
                    elif event_type == "job_reopened":
                        broken += self._reopen(job_id, data["epoch"])
            if seq != last:
                broken.append(f"batch {first} ends with {seq}, its row says {last}")
            self._seq = last
        if self.value("SELECT event_seq FROM sequence") != self._seq:
            broken.append("the sequence and the last event differ")
        # What is deleted can not be seen, whether its rows are erased by now or not.
        rows = dict(
            self.rows(
                "SELECT id, state FROM job WHERE id NOT IN (SELECT id FROM deletion)"
                " AND ifnull(parent_id, 0) NOT IN (SELECT id FROM deletion)"
            )
        )
        states = {job_id: state for job_id, state in self.states.items() if not self.hidden(job_id)}
        if rows != states:
            differing = {i: (rows.get(i), states.get(i)) for i in rows.keys() | states.keys()}
            broken.append(f"rows and events differ: { {i: s for i, s in differing.items() if s[0] != s[1]} }")
        return broken

    def hidden(self, job_id: int) -> bool:
        """Whether the job was deleted, or what it belongs to."""
        return not self.deleted.keys().isdisjoint((job_id, *self.above.get(job_id, ())))

    def ends_below(self, parent_id: int) -> list[str]:
        """The last states of the children that there were when the parent ended last, by the events alone."""
        over = self.ended_at.get(parent_id, 0)
        return [
            self.states[job_id]
            for job_id, (_, above) in self.above.items()
            if above == parent_id and job_id != parent_id and self.deleted.get(job_id, over) >= over
        ]

    def _follow(self, kind: JobKind, job_id: int, state: str, seq: int) -> list[str]:
        before = self.states.get(job_id)
        if state in ENDS:
            self.ended_at[job_id] = seq
        self.states[job_id] = state
        self.history.setdefault(job_id, []).append(state)
        if is_legal(kind, None if before is None else JobState(before), JobState(state)):
            return []
        if before is None and job_id in self.epochs:
            return [] if state == "pending" else [f"{kind} {job_id} was opened again as {state}"]
        return [f"{kind} {job_id} went from {before} to {state}"]

    def _reopen(self, job_id: int, epoch: int) -> list[str]:
        """A new epoch begins: the one before has ended, once, and nothing is known of the new one yet."""
        ended = [state for state in self.history.pop(job_id, []) if state in ENDS]
        self.epochs[job_id] = self.epochs.get(job_id, 0) + 1
        if len(ended) != 1 or self.states.pop(job_id) != ended[0] or epoch != self.epochs[job_id]:
            return [
                f"job {job_id} was opened again as epoch {epoch} after {ended}, {self.epochs[job_id]} times"
            ]
        return []

    def _wrong_epochs(self) -> list[str]:
        rows = dict(self.rows("SELECT id, epoch FROM job"))
        wrong = {each: epoch for each, epoch in rows.items() if epoch != self.epochs.get(each, 0)}
        return [f"the rows' epochs are {wrong}, the events' {self.epochs}"] if wrong else []

    def _reused_tokens(self) -> list[str]:
        broken = []
        for job_id, token in self.rows("SELECT id, token FROM job WHERE kind = 'job'"):
            if token < self._tokens.get(job_id, 0):
                broken.append(f"the token of job {job_id} fell from {self._tokens[job_id]} to {token}")
            self._tokens[job_id] = token
        return broken
