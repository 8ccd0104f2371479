"""``pre_jobs`` and ``post_jobs``: which definitions one brings with it, and what is wrong between them. Pure.

One submit runs each definition at most once, however many name it. So two kinds of circles are faults: definitions that
start each other for ever, and runs that would wait for each other (one that must run both before and after another).
"""

from collections.abc import Callable, Iterable, Iterator

import msgspec

from actors.job import JobDefinition, OnError, WaitRole
from runtime.definitions.findings import did_you_mean
from runtime.definitions.order import all_before, circle
from runtime.toml.wording import quoted

MOST_RUNS = 100
"""Runs that one submit may write."""

Lookup = Callable[[str], JobDefinition | None]


class LinkFault(msgspec.Struct, frozen=True):
    """What is wrong with one entry of ``pre_jobs`` or ``post_jobs`` (or with all of them: ``position`` None)."""

    definition_id: str
    key: str
    position: int | None
    message: str
    hint: str


def linked(definition: JobDefinition, lookup: Lookup) -> tuple[JobDefinition, ...]:
    """The definition, and after it all that run before or after it; ids that lead nowhere are left out.

    A post-job that is not enabled is left out too: it would not have stopped anything.
    """
    found = {definition.id: definition}
    waiting = [definition]
    for each in waiting:
        for named in (*each.pre_jobs, *each.post_jobs):
            other = found.get(named) or lookup(named)
            if other is None or other.id in found or (not other.enabled and named not in each.pre_jobs):
                continue
            found[other.id] = other
            waiting.append(other)
    return tuple(found.values())


def waits(definitions: Iterable[JobDefinition]) -> dict[tuple[str, str], WaitRole]:
    """Whose run waits for whose end, and why, among these: (waiting, awaited) ids.

    What is to run before a post-job waits with it, unless it is needed earlier: else it would run for nothing.
    """
    every = {each.id: each for each in definitions}
    found: dict[tuple[str, str], WaitRole] = {}
    for each in every.values():
        lenient = bool(each.steps) and each.steps[0].on_error is OnError.CONTINUE
        for before in each.pre_jobs:
            if before in every:
                found[each.id, before] = WaitRole.PRE_OPTIONAL if lenient else WaitRole.PRE
    before_of = {each.id: [name for name in each.pre_jobs if name in every] for each in every.values()}
    for each in every.values():
        for after in each.post_jobs:
            if after in every:
                found.setdefault((after, each.id), WaitRole.POST)
    for after, awaited in [pair for pair, role in found.items() if role is WaitRole.POST]:
        for before in all_before(after, before_of):
            if before != awaited and before not in all_before(awaited, needs(found)):
                found.setdefault((before, awaited), WaitRole.POST)
    return found


def needs(pairs: Iterable[tuple[str, str]]) -> dict[str, list[str]]:
    """The same pairs as a mapping: whose runs each one waits for."""
    found: dict[str, list[str]] = {}
    for waiting, awaited in pairs:
        found.setdefault(waiting, []).append(awaited)
        found.setdefault(awaited, [])
    return found


def link_faults(
    definitions: Iterable[JobDefinition], lookup: Lookup, known: Iterable[str]
) -> Iterator[LinkFault]:
    """What is wrong between these definitions and those they name, each fault once.

    Args:
        definitions: those whose links are judged.
        lookup: finds any other by its id.
        known: ids to suggest for one that is unknown.
    """
    every = tuple(definitions)
    for each in every:
        for key in ("pre_jobs", "post_jobs"):
            for position in range(len(getattr(each, key))):
                yield from _entry_faults(each, key, position, lookup, known)
    starts = {each.id: [*each.pre_jobs, *each.post_jobs] for each in every}
    if (names := circle(starts)) is not None:
        by_id = {each.id: each for each in every}
        key = "pre_jobs" if names[1] in by_id[names[0]].pre_jobs else "post_jobs"
        message = f"pre_jobs and post_jobs start each other in a circle: {_way(names)}"
        yield LinkFault(names[0], key, None, message, "remove one of them")
        return
    for each in every:
        if not each.pre_jobs and not each.post_jobs:
            continue
        together = linked(each, lookup)
        if len(together) > MOST_RUNS:
            message = f"pre_jobs and post_jobs bring {len(together) - 1} more runs, at most {MOST_RUNS} are one submit"
            yield LinkFault(each.id, "pre_jobs", None, message, "link fewer definitions")
        elif (names := circle(needs(waits(together)))) is not None:
            message = f"the runs of pre_jobs and post_jobs would wait for each other: {_way(names)}"
            yield LinkFault(
                each.id,
                "pre_jobs" if each.pre_jobs else "post_jobs",
                None,
                message,
                "remove one of them: a definition runs once with a submit, before another or after it",
            )
            return


def _entry_faults(
    definition: JobDefinition, key: str, position: int, lookup: Lookup, known: Iterable[str]
) -> Iterator[LinkFault]:
    named = getattr(definition, key)[position]
    if named == definition.id:
        message, hint = f"{key}: {quoted(named)} is this definition itself", "remove it"
        yield LinkFault(definition.id, key, position, message, hint)
        return
    other = lookup(named)
    if other is None:
        hint = did_you_mean(named, known, "put its file into the same directory, or give it to the runtime")
        message = f"{key}: no definition has the id {quoted(named)}"
        yield LinkFault(definition.id, key, position, message, hint)
    elif not (definition if key == "pre_jobs" else other).steps:
        waiting = definition if key == "pre_jobs" else other
        message = f"{key}: definition {quoted(waiting.id)} has no steps, so that nothing of it could wait"
        yield LinkFault(definition.id, key, position, message, "give it a step")
    elif not other.enabled and key == "pre_jobs":
        message = f"{key}: definition {quoted(named)} is not enabled, so that this one could never start"
        yield LinkFault(definition.id, key, position, message, "enable it, or remove it here")


def _way(names: Iterable[str]) -> str:
    return " → ".join(map(quoted, names))
