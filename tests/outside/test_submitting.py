"""Clients submit without pause while the runtime's process group is killed: what was acknowledged is there, once."""

import random
from functools import partial
from pathlib import Path
from threading import Event

import pytest

from tests.embedding.processes import kill_group, until
from tests.outside.acknowledged import acknowledged, faults_of_diaries, start_service
from tests.outside.service import Diary
from tests.terminal.judge import Judge, faults_at_rest

WAIT = 100.0
ROUNDS = [10, pytest.param(100, marks=[pytest.mark.soak, pytest.mark.timeout(1800)])]


@pytest.mark.parametrize("rounds", ROUNDS)
def test_no_acknowledged_submit_is_missing_or_doubled_when_the_runtime_is_killed_at_random(
    tmp_path: Path, rounds: int
) -> None:
    """One client lives in the process that is killed, the other one beside it, with half the submits under a key.

    Each life of the first begins with a run that waits at a gate: work is in flight however fast the rest is done.
    """
    store, inside, beside = tmp_path / "jobs.db", tmp_path / "inside.log", tmp_path / "beside.log"
    chance = random.Random()  # noqa: S311 (when to kill is no secret)
    victim = onlooker = None
    try:
        for number in range(rounds):
            gate = tmp_path / f"gate-{number}"
            victim = start_service(store, inside, gate=gate)
            until(partial(has_told, inside, gate.name), seconds=WAIT, what="an acknowledgement")
            if onlooker is None:
                onlooker = start_service(store, beside, slots=0)
                until(partial(more_than, beside, 0), seconds=WAIT, what="an acknowledgement beside it")
            Event().wait(chance.random() * 0.1)  # nothing is waited for: the process is to die at any moment
            assert victim.poll() is None
            assert onlooker.poll() is None
            kill_group(victim)
            with Judge(store) as judge:
                waiting = "SELECT count(*) FROM job WHERE name = ? AND kind = 'run' AND state IN ('pending', 'running')"
                assert judge.value(waiting, gate.name) == 1, "work was in flight"
            gate.touch()
        (tmp_path / "enough").touch()
        assert onlooker is not None
        assert onlooker.wait(WAIT) == 0
        victim = start_service(store, inside)
        assert victim.wait(WAIT) == 0
    finally:
        for process in (victim, onlooker):
            if process is not None and process.poll() is None:
                kill_group(process)

    assert faults_at_rest(store) == []
    assert faults_of_diaries(store, inside, beside) == []
    intents, acks = Diary.read(beside)
    assert intents.keys() == acks.keys()
    assert keyed(inside) <= Diary.read(inside)[1].keys()
    with Judge(store) as judge:
        assert judge.rows("SELECT DISTINCT state FROM job") == [("completed",)]
        assert judge.value("SELECT max(attempt) FROM job WHERE kind = 'job'") == 1


def test_a_submit_with_a_key_whose_answer_was_lost_is_one_run(tmp_path: Path) -> None:
    """Killed between the intent and the answer, again and again: the same key finds the run, or makes it."""
    store, diary = tmp_path / "jobs.db", tmp_path / "client.log"
    for _ in range(3):
        victim = start_service(store, diary)
        until(partial(more_than, diary, acknowledged(diary)), seconds=WAIT, what="an acknowledgement")
        kill_group(victim)
        # What was acknowledged is forgotten, as if every answer had been lost.
        lines = [line for line in diary.read_text("utf-8").splitlines(keepends=True) if "intent" in line]
        diary.write_text("".join(lines), encoding="utf-8")
    (tmp_path / "enough").touch()
    assert start_service(store, diary).wait(WAIT) == 0
    assert keyed(diary) == Diary.read(diary)[1].keys()
    assert faults_at_rest(store) == []
    assert faults_of_diaries(store, diary) == []


def keyed(diary: Path) -> set[str]:
    """The names that were submitted under a key."""
    return {name for name, key in Diary.read(diary)[0].items() if key != "-"}


def more_than(diary: Path, before: int) -> bool:
    """Whether the client was told of more submits."""
    return acknowledged(diary) > before


def has_told(diary: Path, name: str) -> bool:
    """Whether the client was told that this run is durable."""
    return name in Diary.read(diary)[1]
