"""What is kept no longer goes by itself: runs, events, submit keys, rates, and the oldest lines of long logs."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from actors.job import JobState, LogLevel, LogLine
from actors.seams import ManualClock
from runtime.store import logs
from runtime.store.reading.reader import StoreReader
from runtime.store.reading.records import EventsPrunedError
from runtime.store.retention import DAY_MS, Retention, expired
from tests.store.driver import StoreDriver, failed, spec, specs

DAY_MINUTES = 24 * 60.0
KEPT = Retention(completed_days=2, failed_days=5, events_days=3)


@pytest.fixture
def kept(tmp_path: Path, clock: ManualClock) -> Iterator[StoreDriver]:
    """A store whose runtime keeps completed runs two days, others five, events three."""
    driver = StoreDriver(tmp_path / "jobs.db", clock, judged=False, retention=KEPT)
    yield driver
    driver.close()


def ended(store: StoreDriver, *, fails: bool = False, key: str | None = None) -> int:
    run_id = store.submit(key=key)
    store.name(store.start(), *specs(3))
    jobs = store.lease()
    store.fail(*jobs) if fails else store.complete(*jobs)
    return run_id


def runs(store: StoreDriver) -> list[int]:
    return [row[0] for row in store.rows("SELECT id FROM job WHERE kind = 'run' ORDER BY id")]


def test_zero_days_are_for_ever() -> None:
    assert not expired(0, 0, 10**15)
    assert expired(1, 0, DAY_MS)
    assert not expired(1, 1, DAY_MS)


def test_days_are_no_less_than_none() -> None:
    with pytest.raises(ValueError, match="failed_days is -1"):
        Retention(failed_days=-1)


@pytest.mark.parametrize("state", JobState)
def test_only_what_has_ended_expires_each_end_by_its_own_days(state: JobState) -> None:
    ages = [days for days in range(8) if KEPT.run_expired(state, 0, days * DAY_MS)]
    if not state.terminal:
        assert ages == []
    else:
        assert ages[0] == (2 if state is JobState.COMPLETED else 5)


def test_ended_runs_go_when_they_are_too_old_and_open_ones_never(
    kept: StoreDriver, clock: ManualClock
) -> None:
    completed, broken, waiting = ended(kept), ended(kept, fails=True), kept.submit()
    clock.advance(minutes=2 * DAY_MINUTES - 1)
    kept.prune()
    assert runs(kept) == [completed, broken, waiting]
    clock.advance(minutes=1)
    kept.prune()
    assert runs(kept) == [broken, waiting]
    clock.advance(minutes=3 * DAY_MINUTES)
    kept.prune()
    assert runs(kept) == [waiting]
    assert kept.value("SELECT count(*) FROM job WHERE kind = 'job'") == 0
    told = [each for each in _events(kept) if each[1] == "job_deleted"]
    assert told[-1] == (broken, "job_deleted", {"kind": "run", "reason": "retention"})


def _events(store: StoreDriver) -> list[tuple[int, str, dict[str, object]]]:
    reader = StoreReader(store.path)
    try:
        return [(each.job_id, each.type, each.data) for each in reader.events()[0]]
    finally:
        reader.close()


def test_without_retention_nothing_but_keys_and_rates_goes(store: StoreDriver, clock: ManualClock) -> None:
    run_id = ended(store)
    clock.advance(minutes=10_000 * DAY_MINUTES)
    before = store.value("SELECT count(*) FROM event_batch")
    store.prune()
    assert runs(store) == [run_id]
    assert store.value("SELECT count(*) FROM event_batch") == before


def test_a_round_that_finds_nothing_writes_nothing(store: StoreDriver) -> None:
    ended(store, key="k")
    before = store.value("PRAGMA data_version")
    store.prune()
    assert store.value("PRAGMA data_version") == before


def test_a_submit_key_lives_until_seven_days_past_the_end_of_its_run(
    store: StoreDriver, clock: ManualClock
) -> None:
    run_id = store.submit(key="nightly")
    clock.advance(minutes=30 * DAY_MINUTES)
    store.prune()
    assert store.submit(key="nightly") == run_id, "an open run keeps its key"
    store.name(store.start(), spec())
    store.complete(*store.lease())
    clock.advance(minutes=7 * DAY_MINUTES - 1)
    store.prune()
    assert store.submit(key="nightly") == run_id
    clock.advance(minutes=1)
    store.prune()
    assert store.submit(key="nightly") != run_id


def test_the_key_of_a_run_that_retention_deleted_lives_as_long(kept: StoreDriver, clock: ManualClock) -> None:
    run_id = ended(kept, key="nightly")
    clock.advance(minutes=3 * DAY_MINUTES)
    kept.prune()
    assert runs(kept) == []
    assert kept.submit(key="nightly") == run_id, "what was done is not done again"
    clock.advance(minutes=4 * DAY_MINUTES)
    kept.prune()
    assert kept.submit(key="nightly") != run_id


def test_events_go_when_they_are_too_old_and_who_missed_some_is_told(
    kept: StoreDriver, clock: ManualClock
) -> None:
    ended(kept)
    reader = StoreReader(kept.path)
    try:
        seen, last = reader.events(limit=4)[0][1].seq, reader.last_event()
        clock.advance(minutes=3 * DAY_MINUTES)
        kept.submit()
        kept.prune()
        with pytest.raises(
            EventsPrunedError, match=rf"events {seen + 1} to {last} are kept no longer"
        ) as told:
            reader.events(seen)
        assert (told.value.after, told.value.oldest) == (seen, last + 1)
        with pytest.raises(EventsPrunedError):
            reader.batches(seen)
        assert reader.batches(0, limit=1)[0][0].first_seq == told.value.oldest
        assert reader.events(last)[0][0].seq == told.value.oldest
        assert [each.seq for each in reader.events(0)[0]] == [each.seq for each in reader.events(last)[0]]
    finally:
        reader.close()


def test_the_newest_events_stay_however_old(kept: StoreDriver, clock: ManualClock) -> None:
    kept.submit()
    clock.advance(minutes=100 * DAY_MINUTES)
    kept.prune()
    assert kept.value("SELECT count(*) FROM event_batch") == 1
    assert kept.value("SELECT last_seq FROM event_batch") == kept.value("SELECT event_seq FROM sequence")


def test_a_rate_is_forgotten_when_nobody_can_still_have_to_wait_for_it(
    store: StoreDriver, clock: ManualClock
) -> None:
    two_days = 2 * DAY_MS
    store.run_with(spec(rate_key="short", rate_ms=100), spec(rate_key="long", rate_ms=100))
    assert len(store.lease()) == 2
    store.run_with(spec(rate_key="long", rate_ms=two_days))
    assert store.lease() == []
    clock.advance(minutes=DAY_MINUTES)
    store.prune()
    assert store.rows("SELECT key FROM rate") == [("long",)]
    clock.advance(minutes=DAY_MINUTES)
    store.prune()
    assert store.rows("SELECT key FROM rate") == []


def test_of_the_attempts_before_the_last_lines_are_kept_and_how_many_went(
    store: StoreDriver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(logs, "KEPT_LINES", 5)
    store.run_with(spec(max_attempts=9), spec(max_attempts=9))
    noisy, quiet = (row[0] for row in store.rows("SELECT id FROM job WHERE kind = 'job' ORDER BY id"))
    seen = 0
    for attempt in range(4):
        job, *rest = store.lease()
        lines = tuple(LogLine(1, LogLevel.INFO, f"{attempt}/{each}") for each in range(3))
        store.settle(
            store.attempt(job, failed(), logs=lines), *(store.attempt(each, failed()) for each in rest)
        )
        numbers = [row[0] for row in store.rows("SELECT id FROM log_entry ORDER BY id")]
        assert numbers[-3] > seen, "a reader's cursor stays good"
        seen = numbers[-1]
    assert store.logs(noisy) == [
        "7 lines before this were dropped: a job keeps its last 5",
        *("2/1", "2/2", "3/0", "3/1", "3/2"),
    ]
    assert store.logs(quiet) == []


def test_a_log_that_is_not_too_long_is_left(store: StoreDriver, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(logs, "KEPT_LINES", 5)
    store.run_with(spec(max_attempts=9))
    (job,) = store.lease()
    lines = tuple(LogLine(1, LogLevel.INFO, str(each)) for each in range(5))
    store.settle(store.attempt(job, failed(), logs=lines))
    assert store.logs(job.id) == ["0", "1", "2", "3", "4"]
