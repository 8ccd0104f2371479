"""A reader of events that is cut off at any moment and comes back with its cursor gets every event once, in order."""

import asyncio
import itertools
import json
import random
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import msgspec
import pytest

from actors.ids import parse_id
from actors.messages import Event
from runtime import Runtime
from runtime.settings import RuntimeSettings
from tests.cli.running import running
from tests.embedding.workers import ALL, Number
from tests.terminal.judge import Judge

RUNS, JOBS = 20, 30
ROUNDS = [3, pytest.param(30, marks=[pytest.mark.soak, pytest.mark.timeout(600)])]
Told = list[tuple[int, str, int]]


@pytest.fixture
def runtime(tmp_path: Path) -> Iterator[Runtime]:
    """A running runtime on a store of its own."""
    with Runtime(RuntimeSettings(store=tmp_path / "jobs.db"), workers=ALL) as running_one:
        yield running_one


def recorded(judge: Judge) -> Told:
    """All events, by the rows."""
    found: Told = []
    for first, blob in judge.rows("SELECT first_seq, batch FROM event_batch ORDER BY first_seq"):
        numbers = itertools.count(first)
        for event_type, _, job_ids, _ in msgspec.msgpack.decode(blob):
            found += [(next(numbers), event_type, job_id) for job_id in job_ids]
    return found


def work(runtime: Runtime) -> None:
    """Something happens."""
    for _ in range(RUNS):
        runtime.fan_out("double", map(Number, range(JOBS)))


def assert_all_were_told(runtime: Runtime, told: Told) -> None:
    """What was told is what is recorded: no gap, nothing twice, in order."""
    with Judge(runtime.settings.store) as judge:
        assert judge.value("SELECT count(*) FROM job WHERE state <> 'completed'") == 0
        assert told == recorded(judge)
    assert [seq for seq, _, _ in told] == list(range(1, len(told) + 1))


EXPECTED = 3 * RUNS * (JOBS + 2)
"""Each run, step and job is told three times."""


def some(told: Told, chance: random.Random) -> int:
    """How many events to take before the next cut."""
    return min(chance.randint(1, 300), EXPECTED - len(told))


def test_in_the_process(runtime: Runtime) -> None:
    chance, told = random.Random(), Told()  # noqa: S311 (when to cut is no secret)
    work(runtime)
    while len(told) < EXPECTED:
        stream = runtime.events(told[-1][0] if told else 0, timeout_seconds=100)
        part = itertools.islice(stream, some(told, chance))
        told += [(event.seq, event.type, event.job_id) for event in part]
        stream.close()  # type: ignore[attr-defined]
    assert_all_were_told(runtime, told)


def test_on_a_loop(runtime: Runtime) -> None:
    chance, told = random.Random(), Told()  # noqa: S311 (when to cut is no secret)

    async def read(stream: AsyncIterator[Event], number: int) -> None:
        async for event in stream:
            told.append((event.seq, event.type, event.job_id))
            number -= 1
            if number == 0:
                return

    async def main() -> None:
        while len(told) < EXPECTED:
            stream = runtime.events_async(told[-1][0] if told else 0)
            await asyncio.wait_for(read(stream, some(told, chance)), 100)
            await stream.aclose()  # type: ignore[attr-defined]

    work(runtime)
    asyncio.run(main())
    assert_all_were_told(runtime, told)


@pytest.mark.parametrize("rounds", ROUNDS)
def test_in_another_process_that_is_killed(runtime: Runtime, tmp_path: Path, rounds: int) -> None:
    """``quaero events --follow``: what had arrived before it was killed is the cursor."""
    told = Told()
    store, chance = runtime.settings.store, random.Random()  # noqa: S311 (when to kill is no secret)
    for _ in range(rounds):
        work(runtime)
        arguments = ("events", "--json", "--follow", "--after", told[-1][0] if told else 0, "--store", store)
        with running(*arguments, cwd=tmp_path) as follower:
            follower.prints(chance.randint(1, 500))
            follower.process.kill()
            ended = follower.end()
        # A line that the kill has cut is none: its event comes again.
        lines = [json.loads(line) for line in ended.out.splitlines(keepends=True) if line.endswith("\n")]
        told += [(line["seq"], line["type"], parse_id(line["job_id"])) for line in lines]
    with Judge(store) as judge:
        assert told == recorded(judge)[: len(told)]
    assert [seq for seq, _, _ in told] == list(range(1, len(told) + 1))
