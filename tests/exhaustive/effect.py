"""What an action must have done, and nothing else: attempts and pages that count, and those that do not; chores."""

from typing import Any, NamedTuple

from tests.exhaustive.actions import SPAWNED, Action, is_over, silent_namers
from tests.exhaustive.doing import page_of
from tests.exhaustive.world import DELAY_MS, Rows, State, World
from tests.simulation.rows import OPEN, Job


class Done(NamedTuple):
    """An action, and what was before and after it."""

    world: World
    state: State  # before it
    before: Rows
    action: Action
    rows: Rows

    @property
    def made(self) -> int:
        """How many rows of jobs, steps and runs it has made."""
        return len(self.rows.jobs) - len(self.before.jobs)


def judge_effect(done: Done, broken: list[str]) -> None:
    """A lease that was lost changes nothing, one that holds is recorded whole, and nothing else makes jobs."""
    action, rows = done.action, done.rows
    if action.name in {"settles", "settles once more"}:
        _judge_attempt(done, broken)
    elif action.name == "names":
        _judge_page(done, broken)
    elif action.name == "submits":
        if done.made != (0 if done.before.jobs else 1 + len(done.world.scope.steps)):
            broken.append(f"{done.made} rows were made by a submit")
    elif done.made:
        broken.append(f"{done.made} jobs were made by {action}")
    if action.name == "cancels" and rows.jobs[action.target].state in OPEN:
        job, closed = rows.jobs[action.target], rows.parents.get(action.target)
        if (job.cancel_reason if closed is None else closed.closing) is None:
            broken.append(f"the cancel of {job} is not in the row")


def _judge_attempt(done: Done, broken: list[str]) -> None:
    state, before, action, rows = done.state, done.before, done.action, done.rows
    was, job = before.jobs[action.target], rows.jobs[action.target]
    counts = was.token == action.token and was.state == "running"
    changed = (before.jobs, before.parents) != (rows.jobs, rows.parents)
    if not counts and changed and not _given_back(state, action):
        broken.append(f"an attempt that does not count changed something: {was} became {job}")
    if counts and job.state == "running":
        broken.append(f"an attempt that counts left {job}")
    if counts and action.fate == "refused" and job.state not in {"failed", "cancelled"}:
        broken.append(f"an attempt that can not be recorded left {job}")
    if done.made != (_spawned(before, action, was) if counts and action.fate != "refused" else 0):
        broken.append(f"{done.made} jobs were made by {action}")


def _judge_page(done: Done, broken: list[str]) -> None:
    action = done.action
    parent, after = done.before.parents[action.target], done.rows.parents[action.target]
    memory = done.state.memories[action.runtime]
    start = next(each for each in memory.starts if each.token == action.token)
    leased = parent.naming == "leased" and parent.token == action.token
    held = leased and action.fate != "refused"
    page = page_of(done.world, start)
    if done.made != (len(page.children) if held else 0):
        broken.append(f"{done.made} jobs were made by {action}")
    if held and after.cursor != page.next_cursor:
        broken.append(f"the page after {action} is not that of its cursor")
    if leased and not held and after.closing is None:
        broken.append("a page that can not be recorded left its step open")


def _given_back(state: State, action: Action) -> bool:
    """Whether the action also gives back what a commit had leased that was not answered."""
    return state.memories[action.runtime].doubt is not None


def _spawned(before: Rows, action: Action, was: Job) -> int:
    parent = before.parents[was.parent_id or 0]
    if parent.closing is not None or ("fail" in action.how and was.cancel_reason is not None):
        return 0
    keys = {job.unique_key for job in before.jobs.values()}
    return len({spec.unique_key for spec in SPAWNED.get(action.how, ())} - keys)


def judge_chore(done: Done, broken: list[str]) -> None:
    """A chore leaves nothing of what it is there for."""
    left = _left(done)
    if left:
        broken.append(f"{done.action.name} left {left}")


def _left(done: Done) -> list[Any]:
    world, state, _, action, rows = done
    own = world.owners[action.runtime]
    match action.name:
        case "wakes what is due":
            times = [(job, job.not_before) for job in rows.jobs.values() if job.state in OPEN]
            limits = [(parent, parent.deadline) for parent in rows.parents.values()]
            now = state.wall + DELAY_MS
            return [row for row, at in (*times, *limits) if at is not None and at <= now]
        case "buries":
            return [each for each in rows.owners if not state.memories[world.owners.index(each)].alive]
        case "expires leases":
            others = silent_namers(rows, state) - {own}
            late = [job for job in rows.jobs.values() if job.owner != own and is_over(job, state)]
            return [*late, *(parent for parent in rows.parents.values() if parent.naming_owner in others)]
        case "extends its leases":
            mine = [rows.jobs[job.id] for job in state.memories[action.runtime].held]
            return [job for job in mine if job.owner == own and is_over(job, state)]
    return []
