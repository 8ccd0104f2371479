"""Jobs as read: one, many, a run with its steps, the tree below it."""

import sqlite3
from collections.abc import Sequence
from typing import Any

import msgspec

from actors.ids import id_text
from actors.job import Counts, JobState
from actors.webhooks.webhook import PREFIX
from runtime.store.reading.links import read_links
from runtime.store.reading.objects import COUNTED, JOB_COLUMNS, counts_object, job_object, progress_object

_SUM = ", ".join(f"coalesce(sum({name}), 0)" for name in COUNTED)


class JobFilter(msgspec.Struct, frozen=True):
    """Which jobs a list shows."""

    state: str | None = None
    states: tuple[str, ...] = ()  # one of these
    kind: str | None = None
    type: str | None = None
    run_id: int | None = None
    parent_id: int | None = None
    after: int | None = None  # cursor: the last id of the page before
    limit: int | None = None
    newest_first: bool = False
    deliveries: bool = True  # whether it shows the runs of deliveries to webhooks


def read_job(connection: sqlite3.Connection, job_id: int) -> dict[str, Any] | None:
    """One job with its counts and progress; None if there is none."""
    row = connection.execute(f"SELECT {JOB_COLUMNS} FROM job WHERE id = ?", (job_id,)).fetchone()
    return None if row is None else _complete(connection, job_object(row), job_id)


def list_jobs(connection: sqlite3.Connection, wanted: JobFilter) -> list[dict[str, Any]]:
    """The jobs that the filter lets through, in the order of their ids."""
    conditions, parameters = ["1"], list[Any]()
    for column in ("state", "kind", "type", "parent_id"):
        value = getattr(wanted, column)
        if value is not None:
            conditions.append(f"{column} = ?")
            parameters.append(value)
    if wanted.states:
        conditions.append("state IN (SELECT value FROM json_each(?))")
        parameters.append(msgspec.json.encode(wanted.states).decode())
    if wanted.run_id is not None:
        # A run's jobs are found through its steps: there is one index on parents, not two.
        conditions.append(
            "(id = ?1 OR parent_id = ?1 OR parent_id IN (SELECT id FROM job WHERE parent_id = ?1))"
        )
        conditions[-1] = conditions[-1].replace("?1", str(int(wanted.run_id)))
    if not wanted.deliveries:
        conditions.append(f"NOT (kind = 'run' AND type GLOB '{PREFIX}*')")
    if wanted.after is not None:
        conditions.append("id < ?" if wanted.newest_first else "id > ?")
        parameters.append(wanted.after)
    order = "DESC" if wanted.newest_first else "ASC"
    text = f"SELECT {JOB_COLUMNS} FROM job WHERE {' AND '.join(conditions)} ORDER BY id {order} LIMIT ?"
    rows = connection.execute(text, (*parameters, -1 if wanted.limit is None else wanted.limit)).fetchall()
    return [_complete(connection, job_object(row), row[0]) for row in rows]


def read_counts(connection: sqlite3.Connection, parent_id: int, kind: str) -> Counts:
    """A step's children by state; of a run, all jobs below its steps."""
    condition = "run_id = ? AND kind = 'step'" if kind == "run" else "id = ?"
    row = connection.execute(f"SELECT {_SUM} FROM parent WHERE {condition}", (parent_id,)).fetchone()
    return Counts(*row)


def read_run_counts(
    connection: sqlite3.Connection, run_ids: Sequence[int]
) -> list[tuple[int, JobState, Counts]]:
    """Each of these runs that there is, with its state and its jobs by state: one statement and one value for all."""
    sums = ", ".join(f"coalesce(sum(parent.{name}), 0) AS {name}" for name in COUNTED)
    found = connection.execute(
        f"SELECT json_group_array(json_array(id, state, {', '.join(COUNTED)})) FROM ("
        f"SELECT job.id, job.state, {sums} FROM json_each(?) AS wanted"
        " JOIN job ON job.id = wanted.value AND job.kind = 'run'"
        " LEFT JOIN parent ON parent.run_id = job.id AND parent.kind = 'step' GROUP BY job.id)",
        (msgspec.json.encode(run_ids).decode(),),
    ).fetchone()[0]
    return [
        (run_id, JobState(state), Counts(*counts)) for run_id, state, *counts in msgspec.json.decode(found)
    ]


class StoredProgress(msgspec.Struct, frozen=True, array_like=True):
    """How far a parent is, as its row says; of a run, all jobs below its steps."""

    id: int
    run_id: int
    state: JobState
    named: bool
    counts: Counts


def read_progress(connection: sqlite3.Connection, run_ids: Sequence[int]) -> list[StoredProgress]:
    """Of each of these runs that there is, its steps and then itself: one statement and one value for all."""
    found = connection.execute(
        f"SELECT json_group_array(json_array(id, run_id, kind, state, named, {', '.join(COUNTED)})) FROM ("
        f"SELECT parent.* FROM json_each(?) AS wanted JOIN parent ON parent.run_id = wanted.value)",
        (msgspec.json.encode(run_ids).decode(),),
    ).fetchone()[0]
    steps, runs = list[StoredProgress](), dict[int, tuple[str, int]]()
    sums = {run: [0] * len(COUNTED) for run in run_ids}
    for number, run_id, kind, state, named, *counts in msgspec.json.decode(found):
        if kind == "run":
            runs[run_id] = state, named
        else:
            steps.append(StoredProgress(number, run_id, JobState(state), bool(named), Counts(*counts)))
            sums[run_id] = [total + count for total, count in zip(sums[run_id], counts, strict=True)]
    return steps + [
        StoredProgress(run, run, JobState(state), bool(named), Counts(*sums[run]))
        for run, (state, named) in runs.items()
    ]


def read_run(connection: sqlite3.Connection, run_id: int) -> dict[str, Any] | None:
    """A run with its steps, documents, errors and warnings; None if there is no such run."""
    row = connection.execute(
        "SELECT type, name, state, created_at, started_at, finished_at, error FROM job WHERE id = ? AND kind = 'run'",
        (run_id,),
    ).fetchone()
    if row is None:
        return None
    definition_id, name, state, created_at, started_at, finished_at, error = row
    steps = [
        {
            "name": step_name,
            "job_id": id_text(step_id),
            "action": action,
            "state": step_state,
            "counts": counts_object(read_counts(connection, step_id, "step")),
            **({"error": step_error} if step_error else {}),
        }
        for step_id, step_name, action, step_state, step_error in connection.execute(
            "SELECT id, name, type, state, error FROM job WHERE parent_id = ? ORDER BY id", (run_id,)
        ).fetchall()
    ]
    errors, warnings = _messages(connection, run_id, error)
    links = read_links(connection, run_id)
    return {
        "run_id": id_text(run_id),
        "definition_id": definition_id,
        "name": name,
        "state": state,
        **({"paused": True} if _paused(connection, run_id) else {}),
        "counts": counts_object(read_counts(connection, run_id, "run")),
        "documents": count_documents(connection, run_id),
        "created_at": created_at,
        "duration_seconds": _duration(connection, started_at or created_at, finished_at),
        "steps": steps,
        **({"links": links} if links else {}),
        "errors": errors,
        "warnings": warnings,
    }


def _duration(connection: sqlite3.Connection, started_at: int, finished_at: int | None) -> float:
    """Seconds from the start to the end, or to the last thing that happened in the store."""
    if finished_at is None:
        last = connection.execute(
            "SELECT time_ms FROM event_batch ORDER BY first_seq DESC LIMIT 1"
        ).fetchone()
        finished_at = last[0] if last else started_at
    return round(max(finished_at - started_at, 0) / 1000, 3)


def count_documents(connection: sqlite3.Connection, run_id: int) -> int:
    """Documents that the run saved; one saved twice is one."""
    found = connection.execute(
        "SELECT count(DISTINCT document_id) FROM document_save WHERE run_id = ?", (run_id,)
    ).fetchone()
    return int(found[0])


def read_tree(connection: sqlite3.Connection, job_id: int, *, limit: int) -> dict[str, Any] | None:
    """The job with all below it, at most ``limit`` children shown of each; None if there is no such job."""
    shown = read_job(connection, job_id)
    if shown is None or shown["kind"] == "job":
        return shown
    rows = connection.execute(
        "SELECT id, spawned_by FROM job WHERE parent_id = ? ORDER BY id LIMIT ?", (job_id, limit)
    ).fetchall()
    nodes = {child_id: read_tree(connection, child_id, limit=limit) for child_id, _ in rows}
    roots = []
    for child_id, spawned_by in rows:
        node = nodes[child_id]
        parent = nodes.get(spawned_by)
        if parent is not None:
            parent.setdefault("spawned", []).append(node)
        else:
            roots.append(node)
    shown["children"] = roots
    total = connection.execute("SELECT count(*) FROM job WHERE parent_id = ?", (job_id,)).fetchone()[0]
    if total > len(rows):
        shown["children_not_shown"] = total - len(rows)
    return shown


def run_state(connection: sqlite3.Connection, run_id: int) -> JobState | None:
    """The run's state; None if there is no such run."""
    row = connection.execute("SELECT state FROM job WHERE id = ? AND kind = 'run'", (run_id,)).fetchone()
    return None if row is None else JobState(row[0])


def _paused(connection: sqlite3.Connection, parent_id: int) -> bool:
    row = connection.execute("SELECT paused FROM parent WHERE id = ?", (parent_id,)).fetchone()
    return row is not None and bool(row[0])


def _complete(connection: sqlite3.Connection, shown: dict[str, Any], job_id: int) -> dict[str, Any]:
    if shown["kind"] == "job":
        return shown
    counts = read_counts(connection, job_id, shown["kind"])
    named = connection.execute(
        "SELECT min(named) FROM parent WHERE id = ?1 OR (run_id = ?1 AND kind = 'step')"
        if shown["kind"] == "step"
        else "SELECT min(named) FROM parent WHERE run_id = ?1 AND kind = 'step'",
        (job_id,),
    ).fetchone()[0]
    shown["counts"] = counts_object(counts)
    ended = JobState(shown["state"]).terminal
    if shown["kind"] == "run" and (links := read_links(connection, job_id)):
        shown["links"] = links
    if _paused(connection, job_id):
        shown["paused"] = True
    shown["progress"] = progress_object(counts, total_final=bool(named) and not counts.open, ended=ended)
    return shown


def _messages(connection: sqlite3.Connection, run_id: int, error: str | None) -> tuple[list[str], list[str]]:
    errors = [error] if error else []
    rows = connection.execute(
        "SELECT error, count(*) FROM job WHERE parent_id IN (SELECT id FROM job WHERE parent_id = ?)"
        f" AND state = '{JobState.FAILED}' AND error IS NOT NULL GROUP BY error ORDER BY count(*) DESC LIMIT 10",
        (run_id,),
    ).fetchall()
    errors += [text if number == 1 else f"{text} ({number} jobs)" for text, number in rows]
    warnings = [
        row[0]
        for row in connection.execute(
            "SELECT error FROM job WHERE parent_id = ? AND error LIKE 'Warning:%' ORDER BY id", (run_id,)
        )
    ]
    return errors, warnings
