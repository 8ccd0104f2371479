"""What holds when the faults are over and everything has ended, judged from the rows and from what the clients know."""

import sqlite3
from typing import TYPE_CHECKING, Any

import msgspec

from tests.simulation.judge import OPEN, Violation
from tests.simulation.tasks import Plan
from tests.store.ends import judge_run, judge_step, judge_tolerance

if TYPE_CHECKING:
    from tests.simulation.world import World


class RestingStore:
    """The store at rest, with the questions that ``tests.store.ends`` asks."""

    def __init__(self, world: "World", connection: sqlite3.Connection) -> None:
        self.oracle = world.judge  # history and events
        self._connection = connection

    def rows(self, text: str, *parameters: object) -> list[tuple[Any, ...]]:
        return self._connection.execute(text, parameters).fetchall()

    def parent(self, parent_id: int) -> dict[str, Any]:
        cursor = self._connection.execute("SELECT * FROM parent WHERE id = ?", (parent_id,))
        return dict(zip((each[0] for each in cursor.description), cursor.fetchone(), strict=True))

    def state(self, job_id: int) -> str:
        return self.oracle.jobs[job_id].state


def judge_rest(world: "World") -> None:
    """Everything has ended as it must, and nothing is left.

    Raises:
        Violation: something does not hold.
    """
    connection = sqlite3.connect(world.path)
    try:
        store: Any = RestingStore(world, connection)
        _judge_leftovers(world, store)
        _judge_clients(world)
        for job in world.judge.jobs.values():
            if job.kind == "run":
                judge_run(store, job.id)
            elif job.kind == "step":
                judge_step(store, job.id)
                judge_tolerance(store, job.id)
                _judge_children(world, store, job.id)
            _judge_history(world, job.id)
        _judge_documents(world, store)
    finally:
        connection.close()


def _judge_leftovers(world: "World", store: RestingStore) -> None:
    for text in (
        "SELECT id FROM parent WHERE naming <> 'idle'",
        "SELECT id FROM lane WHERE pending > 0 OR ready = 1",
        "SELECT id FROM job WHERE owner IS NOT NULL",
        # Of a step that was closed before all were named the others stay: a retry of its run would need them.
        "SELECT run_id FROM staged_page WHERE run_id IN (SELECT run_id FROM parent WHERE kind = 'step' AND named)",
    ):
        if found := store.rows(text):
            raise Violation(f"left at rest: {text} finds {found}")
    for machine in world.machines:
        if machine.doing:
            raise Violation(f"{machine} has actors left: {machine.doing}")


def _judge_clients(world: "World") -> None:
    """Every acknowledged submit has its one run, every other one at most one, and whole."""
    for client in world.clients:
        runs = [job for job in world.judge.jobs.values() if job.type == client.definition.id]
        if client.run_id is not None and [job.id for job in runs] != [client.run_id]:
            raise Violation(f"{client} was promised run {client.run_id}, there are {runs}")
        if len(runs) > 1:
            raise Violation(f"{client} asked for one run, there are {runs}")


def _judge_history(world: "World", job_id: int) -> None:
    ends = [state for state in world.judge.history[job_id] if state not in OPEN]
    if len(ends) != 1 or world.judge.history[job_id][-1] != ends[0]:
        raise Violation(f"job {job_id} ended {len(ends)} times: {world.judge.history[job_id]}")


def _judge_children(world: "World", store: RestingStore, step_id: int) -> None:
    """The children of a step that nothing closed are those of its pages, and those of the attempts that count."""
    parent = store.parent(step_id)
    payload = store.rows("SELECT payload FROM job WHERE id = ?", step_id)[0][0]
    step = msgspec.json.decode(payload)
    if (
        parent["closing"] is not None
        or parent["max_children"]
        or (parent["reason"] or "").startswith("skipped")
    ):
        return
    made = [job for job in world.judge.jobs.values() if job.parent_id == step_id]
    named = [job for job in made if job.spawned_by is None]
    if step["action"] == "fan_out":
        client = next(
            each
            for each in world.clients
            if each.run_id in {None, parent["run_id"]}
            and each.fan_out is not None
            and world.judge.jobs[parent["run_id"]].type == each.definition.id
        )
        wanted = len(client.fan_out or ())
        if len(named) != wanted:
            raise Violation(f"step {step_id} was to have {wanted} children, it has {len(named)}")
        return
    tasks = [task for page in msgspec.convert(step["config"], Plan).pages for task in page]
    keys = {job.unique_key for job in made}
    missing = [task.key for task in tasks if task.keyed and task.key not in keys]
    unkeyed = sum(job.unique_key is None for job in named)
    if missing or unkeyed != sum(not task.keyed for task in tasks):
        raise Violation(
            f"step {step_id} lacks {missing} of its pages, and has {unkeyed} children without a key"
        )
    for job in made:
        if job.spawned_by is None and job.unique_key and job.unique_key not in {task.key for task in tasks}:
            raise Violation(f"{job} is in no page of its step")


def _judge_documents(world: "World", store: RestingStore) -> None:
    saves = dict(store.rows("SELECT job_id, count(*) FROM document_save GROUP BY job_id"))
    for job in world.judge.jobs.values():
        wanted = world.documents.get((job.id, job.token), 0) if job.state == "completed" else 0
        if saves.get(job.id, 0) != wanted:
            raise Violation(f"{job} saved {saves.get(job.id, 0)} documents, the attempt that counts {wanted}")
