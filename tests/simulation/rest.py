"""What holds when the faults are over and everything has ended, judged from the rows and from what the clients know."""

import sqlite3
from collections import Counter
from typing import TYPE_CHECKING, Any

import msgspec

from runtime.store.retention import DAY_MS, KEY_DAYS
from tests.simulation.judge import Violation
from tests.simulation.rows import Job
from tests.simulation.tasks import Plan, Task
from tests.simulation.timeline import ends_once
from tests.store.ends import judge_run, judge_step, judge_tolerance

if TYPE_CHECKING:
    from tests.simulation.client import Client
    from tests.simulation.world import World

NOTHING = (
    "SELECT id FROM parent WHERE naming <> 'idle'",
    "SELECT id FROM lane WHERE pending > 0 OR ready = 1",
    "SELECT id FROM job WHERE owner IS NOT NULL",
    # Of a step that was closed before all were named the others stay: a retry of its run would need them.
    "SELECT run_id FROM staged_page WHERE run_id IN (SELECT run_id FROM parent WHERE kind = 'step' AND named)",
    "SELECT id FROM deletion",
    "SELECT job_id FROM log_entry WHERE job_id NOT IN (SELECT id FROM job)",
    "SELECT job_id FROM document_save WHERE job_id NOT IN (SELECT id FROM job)",
    "SELECT parent_id FROM lane WHERE parent_id NOT IN (SELECT id FROM parent)",
    "SELECT step_id FROM dependency WHERE step_id NOT IN (SELECT id FROM parent)",
    "SELECT needs_id FROM dependency WHERE needs_id NOT IN (SELECT id FROM parent)",
    "SELECT id FROM job WHERE kind <> 'run' AND parent_id NOT IN (SELECT id FROM job)",
    "SELECT id FROM parent WHERE id NOT IN (SELECT id FROM job)",
)
"""Questions that find nothing at rest."""


class RestingStore:
    """The store at rest, with the questions that ``tests.store.ends`` asks."""

    def __init__(self, world: "World", connection: sqlite3.Connection) -> None:
        self.oracle = world.judge.timeline
        self._connection = connection

    def rows(self, text: str, *parameters: object) -> list[tuple[Any, ...]]:
        return self._connection.execute(text, parameters).fetchall()

    def parent(self, parent_id: int) -> dict[str, Any]:
        cursor = self._connection.execute("SELECT * FROM parent WHERE id = ?", (parent_id,))
        return dict(zip((each[0] for each in cursor.description), cursor.fetchone(), strict=True))

    def state(self, job_id: int) -> str:
        return self.oracle.states[job_id]


def judge_rest(world: "World") -> None:
    """Everything has ended as it must, and nothing is left.

    Raises:
        Violation: something does not hold.
    """
    database = world.pool.open()
    try:
        store: Any = RestingStore(world, database.connection())
        _judge_leftovers(world, store)
        _judge_clients(world)
        _judge_reruns(world)
        for job in world.judge.rows.jobs.values():
            if not ends_once(world.judge.timeline, job):
                raise Violation(f"{job} did not end once: {world.judge.timeline.history[job.id]}")
            if job.kind == "run":
                judge_run(store, job.id)
            elif job.kind == "step":
                judge_step(store, job.id)
                judge_tolerance(store, job.id)
                _judge_children(world, store, job.id)
        _judge_documents(world, store)
        _judge_budgets(world, store)
        _judge_logs(world, store)
    finally:
        database.close()


def judge_age(world: "World") -> None:
    """Ten days later what is kept no longer is gone.

    Raises:
        Violation: something is left.
    """
    database = world.pool.open()
    try:
        # A schedule that was missed has fired once more, and a retry has begun: what they leave is new.
        now = world.clock.wall_ms()
        rates = f"SELECT key FROM rate WHERE started_at + max(longest_ms, {DAY_MS}) <= {now}"
        keys = (
            "SELECT key FROM submit_key WHERE coalesce(ended_at, (SELECT finished_at FROM job WHERE id = run_id), 0)"
            f" <= {now - KEY_DAYS * DAY_MS}"
        )
        for text in (*NOTHING, keys, rates):
            if found := database.connection().execute(text).fetchall():
                raise Violation(f"left after ten days: {text} finds {found}")
    finally:
        database.close()


def _judge_leftovers(world: "World", store: RestingStore) -> None:
    for text in NOTHING:
        if found := store.rows(text):
            raise Violation(f"left at rest: {text} finds {found}")
    for machine in world.machines:
        if machine.doing:
            raise Violation(f"{machine} has actors left: {machine.doing}")


# -- runs --------------------------------------------------------------------------------------------------------


def _runs(world: "World", identity: str) -> list[Job]:
    """All runs that ever were of that definition, but for those that were made again."""
    reruns = world.operator.reruns
    return [
        job
        for job in world.judge.every.values()
        if job.kind == "run" and job.type == identity and job.id not in reruns
    ]


def _judge_clients(world: "World") -> None:
    """Every acknowledged submit has its one run, every other one at most one, and whole, with all that is linked."""
    for client in world.clients:
        keyed = world.judge.keyed.get(client.key, []) if client.key is not None else None
        runs = [job.id for job in _runs(world, client.definition.id)]
        if _copied(world, client):
            runs = [run_id for run_id in runs if run_id == client.run_id or run_id in (keyed or ())]
        if client.run_id is not None and client.run_id not in runs:
            raise Violation(f"{client} was promised run {client.run_id}, there are {runs}")
        if len(runs) > (1 if keyed is None else len(keyed)):
            raise Violation(f"{client} asked for one run, there are {runs}; its key stood for {keyed}")
        if not _copied(world, client):
            for each in client.definitions[1:]:
                if len(_runs(world, each.id)) != len(runs):
                    raise Violation(
                        f"{client} has {len(runs)} runs, and of {each.id}: {_runs(world, each.id)}"
                    )
    ticks = {job.id for job in _runs(world, "tick")}
    if ticks != {run_id for _, _, run_id in world.judge.timeline.fired}:
        raise Violation(f"the schedule has fired {world.judge.timeline.fired}, its runs are {ticks}")


def _copied(world: "World", client: "Client") -> bool:
    """Whether something of its runs was made again, so that there may be more of those that are linked."""
    identities = {each.id for each in client.definitions}
    every = world.judge.every
    return len(identities) > 1 and any(
        every[every[source].root_id].type in identities for source in world.operator.reruns.values()
    )


def _judge_reruns(world: "World") -> None:
    """What was made again has as many children as what it was made of, if those were handed over with a fan-out."""
    for run_id in world.operator.reruns:
        if run_id in world.judge.every and world.judge.every[run_id].epoch < 0:
            raise Violation(f"run {run_id} was made anew")


# -- children ----------------------------------------------------------------------------------------------------


def _handed_over(world: "World", run_id: int) -> int | None:
    """How many children came with that run of a fan-out; None if that can not be told any more."""
    every = world.judge.every
    source = world.operator.reruns.get(run_id)
    if source is not None:
        if every[source].kind == "job":
            return 1
        below = {job.id for job in every.values() if job.root_id == every[source].root_id}
        lost = not below.isdisjoint(world.judge.timeline.deleted)
        return None if lost else _handed_over(world, every[source].root_id)
    client = next(each for each in world.clients if each.definition.id == every[run_id].type)
    return len(client.fan_out or ())


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
    made = [job for job in world.judge.every.values() if job.parent_id == step_id]
    named = [job for job in made if job.spawned_by is None]
    if step["action"] == "fan_out":
        wanted = _handed_over(world, parent["run_id"])
        if wanted is not None and len(named) != wanted:
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
    saves = Counter(dict(store.rows("SELECT job_id, count(*) FROM document_save GROUP BY job_id")))
    for job in world.judge.rows.jobs.values():
        wanted = world.documents.get((job.id, job.token), 0) if job.state == "completed" else 0
        if saves[job.id] != wanted:
            raise Violation(f"{job} saved {saves[job.id]} documents, the attempt that counts {wanted}")


def _judge_budgets(world: "World", store: RestingStore) -> None:
    """A job may be attempted as often as it asks for, or as its type says, and more often in a step that retries."""
    options = {worker.worker_type: worker.options for worker in world.workers}
    for job_id, payload, more in store.rows(
        "SELECT job.id, job.payload, step.max_retries FROM job JOIN parent AS step ON step.id = job.parent_id"
        " WHERE job.kind = 'job' AND step.action = 'plan'"
    ):
        job, task = world.judge.rows.jobs[job_id], msgspec.json.decode(payload, type=Task)
        if job.max_attempts != (task.max_attempts or options[job.type].max_attempts) + more:
            raise Violation(f"{job} has a budget that is not its own, with {more} retries of its step")


def _judge_logs(world: "World", store: RestingStore) -> None:
    """Every body writes one line, which is there once if its attempt counts, and never twice."""
    lines: Counter[tuple[int, int]] = Counter()
    for job_id, text in store.rows("SELECT job_id, text FROM log_entry WHERE text LIKE '% under token %'"):
        lines[job_id, int(text.rpartition(" ")[2])] += 1
    for job in world.judge.rows.jobs.values():
        if job.kind == "job" and job.state == "completed" and not lines[job.id, job.token]:
            raise Violation(f"{job} completed, and the line of its attempt is not in its log")
    twice = [each for each, number in lines.items() if number > 1]
    if twice:
        raise Violation(f"the lines of attempts {twice} are there twice")
