"""The row of a run or a step is damaged while its children wait: that run fails, it does not hang, and others go on."""

import sqlite3
import threading
from pathlib import Path

import pytest

from actors.job import JobState
from actors.worker import JobContext, Snooze, worker
from runtime import Runtime
from runtime.settings import RuntimeSettings
from tests.embedding.processes import sql, until
from tests.embedding.workers import ALL, GATES, SNOOZED, Number, Where

WAIT = 100.0


@worker("later")
def later(payload: Number, context: JobContext) -> Snooze | None:
    """Wait for another day once, where the number is none."""
    if payload.number or context.job.id in SNOOZED:
        return None
    SNOOZED[context.job.id] = 1
    return Snooze(86_400)


@pytest.mark.parametrize("kind", ["run", "step"])
def test_a_damaged_parent_ends_failed_with_its_children_and_disturbs_no_other(
    tmp_path: Path, kind: str
) -> None:
    settings = RuntimeSettings(store=tmp_path / "jobs.db", grace_seconds=0.05)
    gate = GATES[f"damaged {kind}"] = threading.Event()
    with Runtime(settings, workers=ALL) as runtime:
        run = runtime.fan_out("gated", [Where(f"damaged {kind}")] * 40)
        until(lambda: run.progress().running > 0, what="some work")
    connection = sqlite3.connect(settings.store)
    with connection:
        connection.execute("UPDATE job SET payload = replace(payload, ':', '\a') WHERE kind = ?", (kind,))
    connection.close()
    gate.set()

    with Runtime(settings, workers=ALL) as runtime:
        other = runtime.fan_out("double", [Number(number) for number in range(40)])
        assert other.wait(WAIT).state is JobState.COMPLETED
        ended = runtime.run(run.number).wait(WAIT)

    assert ended.state is JobState.FAILED
    assert "row is damaged" in ended.errors[0]
    assert sql(settings.store, "SELECT count(*) FROM job WHERE state IN ('pending', 'running')") == [(0,)]


def test_a_job_whose_lane_is_damaged_fails_alone_when_it_comes_due(tmp_path: Path) -> None:
    settings = RuntimeSettings(store=tmp_path / "jobs.db", grace_seconds=0.05)
    with Runtime(settings, workers=[later]) as runtime:
        damaged, other = (runtime.fan_out(later, [Number(0)]) for _ in range(2))
        until(lambda: damaged.progress().scheduled == other.progress().scheduled == 1, what="the snoozes")
    connection = sqlite3.connect(settings.store)
    with connection:
        connection.execute(
            "UPDATE job SET lane_id = 999, not_before = 1 WHERE root_id = ?", (damaged.number,)
        )
        connection.execute(
            "UPDATE job SET not_before = 1 WHERE root_id = ? AND kind = 'job'", (other.number,)
        )
    connection.close()

    with Runtime(settings, workers=[later]) as runtime:
        assert runtime.run(other.number).wait(WAIT).state is JobState.COMPLETED
        ended = runtime.run(damaged.number).wait(WAIT)
    assert ended.state is JobState.FAILED
    assert any("there is no lane of its number" in text for text in ended.errors)
