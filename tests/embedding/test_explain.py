"""A service asks why something does not move, while its own actors and others work on the store."""

import asyncio
import sqlite3
import threading
from pathlib import Path

import pytest

from actors.ids import id_text
from runtime import Runtime
from runtime.settings import RuntimeSettings
from runtime.store.explaining.reason import ReasonCode
from runtime.store.reading.jobs import JobFilter
from tests.embedding.processes import until
from tests.embedding.test_deaf_bodies import LIMIT, deaf, offers
from tests.embedding.workers import ALL, GATES, Where

WAIT = 100.0


def test_a_run_a_step_and_a_job_are_explained_by_thread_and_by_coroutine(tmp_path: Path, gate: str) -> None:
    with Runtime(RuntimeSettings(store=tmp_path / "jobs.db", grace_seconds=0.1), workers=ALL) as runtime:
        run = runtime.fan_out("gated", [Where(gate)] * 20)
        until(lambda: run.progress().running == 16, what="full slots")
        found = run.explain()
        assert asyncio.run(run.explain_async()).kind == "run"
        waiting = [job for job in runtime.reader.jobs(_of(run.number)) if job["state"] == "pending"]
        job = asyncio.run(runtime.explain_async(waiting[0]["id"]))

        assert {reason.code: reason.jobs for reason in found.reasons} == {
            ReasonCode.LEASED: 16,
            ReasonCode.SLOTS_FULL: 4,
        }
        assert [reason.code for reason in job.reasons] == [ReasonCode.SLOTS_FULL]
        assert f"16 by run {run.id}" in job.reasons[0].text
        with pytest.raises(LookupError, match="there is no run, step or job"):
            runtime.explain(id_text(77))
        GATES[gate].set()
        run.wait(WAIT)
        assert [reason.code for reason in run.explain().reasons] == [ReasonCode.ENDED]


def test_what_a_runtime_takes_on_stands_in_its_row_until_it_stops(tmp_path: Path, gate: str) -> None:
    path = tmp_path / "jobs.db"
    runtime = Runtime(RuntimeSettings(store=path, grace_seconds=30.0, lease_seconds=3.0), workers=ALL).start()
    until(lambda: bool(offers(path)), what="an offer")
    (offer,) = offers(path)
    run = runtime.fan_out("gated", [Where(gate)])
    until(lambda: run.progress().running == 1, what="work")
    closing = threading.Thread(target=runtime.close)
    closing.start()
    until(lambda: offers(path)[0].draining, what="the drain")
    GATES[gate].set()
    closing.join(WAIT)

    assert (offer.slots["gated"], offer.slots["double_async"], offer.lease_ms) == (16, 200, 3000)
    assert {"crawl", "fan_out"} <= set(offer.actions)
    assert offers(path) == []


def test_a_type_whose_bodies_do_not_end_is_explained_so(tmp_path: Path, gate: str) -> None:
    settings = RuntimeSettings(store=tmp_path / "jobs.db", grace_seconds=0.1)
    with Runtime(settings, workers=[deaf]) as runtime:
        runtime.fan_out("deaf", [Where(gate)] * LIMIT).wait(WAIT)
        until(lambda: "deaf" in offers(settings.store)[0].held_back, what="the hold")
        waiting = runtime.fan_out("deaf", [Where("")])
        until(lambda: waiting.progress().pending == 1, what="the job")
        (reason,) = waiting.explain().reasons
        assert (reason.code, reason.jobs) == (ReasonCode.HELD_BACK, 1)
        assert "3 bodies of it go on although they were told to end, 3 may" in reason.text
        GATES[gate].set()
        waiting.wait(WAIT)


def test_a_store_that_can_not_commit_is_named_by_the_runtime_itself(tmp_path: Path, gate: str) -> None:
    """Another process, here another connection, holds the write lock for long."""
    settings = RuntimeSettings(store=tmp_path / "jobs.db", busy_timeout_seconds=0.05, grace_seconds=0.1)
    with Runtime(settings, workers=ALL) as runtime:
        run = runtime.fan_out("gated", [Where(gate)])
        until(lambda: run.progress().running == 1, what="work")
        other = sqlite3.connect(settings.store, isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        GATES[gate].set()
        until(lambda: run.explain().reasons[0].code is ReasonCode.STORE_UNAVAILABLE, what="the trouble")
        first = run.explain().reasons[0]
        other.execute("ROLLBACK")
        other.close()
        run.wait(WAIT)

        assert first.text.startswith("this runtime's store can not commit: database is locked")
        assert [reason.code for reason in run.explain().reasons] == [ReasonCode.ENDED]


def _of(run_id: int) -> JobFilter:
    return JobFilter(run_id=run_id, kind="job")
