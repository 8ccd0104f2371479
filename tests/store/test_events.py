"""Events have one sequence without holes, one for each transition, written with what they report."""

import msgspec

from actors.documents import DocumentSpec
from actors.ids import id_text
from actors.messages import Event
from runtime.store.events import EventLog, decode_batch, event_object
from runtime.store.reading.reader import StoreReader
from runtime.store.reading.records import EventFilter
from tests.store.driver import StoreDriver, definition, failed, spec, specs, step


def all_events(store: StoreDriver, limit: int = 1000, wanted: EventFilter | None = None) -> list[Event]:
    reader, after, found = StoreReader(store.path), 0, list[Event]()
    try:
        while after < reader.last_event():
            some, after = reader.events(after, wanted, limit=limit)
            found += some
    finally:
        reader.close()
    return found


def test_a_batch_survives_being_written_and_read() -> None:
    log = EventLog()
    log.status(1, "pending", [5, 6, 7], parent_id=2)
    log.add("job_spawn", 1, 7, {"spawned_by": "x"})
    log.status(1, "running", [], parent_id=2)
    assert log.count == 4
    events = list(decode_batch(10, 99, log.encode()))
    assert [(event.seq, event.type, event.job_id, event.time_ms) for event in events] == [
        (10, "job_status_change", 5, 99),
        (11, "job_status_change", 6, 99),
        (12, "job_status_change", 7, 99),
        (13, "job_spawn", 7, 99),
    ]


def test_a_run_of_two_steps_tells_its_whole_story_in_order(store: StoreDriver) -> None:
    run_id = store.submit(definition(step("a"), step("b", depends=("a",))))
    a, b = store.steps(run_id).values()
    store.name(store.start(), spec())
    (one,) = store.lease()
    store.settle(
        store.attempt(one, children=(spec(),), documents=(DocumentSpec("web", "x", None, "T", "b"),))
    )
    (two,) = store.lease()
    store.complete(two)
    store.name(store.start())
    told = [(event.job_id, event.data.get("state", event.type)) for event in all_events(store)]
    assert told == [
        *((each, "pending") for each in (run_id, a, b)),
        (run_id, "running"),
        (a, "running"),
        (one.id, "pending"),
        (one.id, "running"),
        (one.id, "completed"),
        (one.id, "document_saved"),
        (two.id, "pending"),
        (two.id, "job_spawn"),
        (two.id, "running"),
        (two.id, "completed"),
        (a, "completed"),
        (b, "running"),
        (b, "completed"),
        (run_id, "completed"),
    ]


def test_a_reader_gets_every_event_once_whatever_its_limit(store: StoreDriver) -> None:
    for _ in range(3):
        store.run_with(*specs(7))
    store.complete(*store.lease(10))
    whole = [event.seq for event in all_events(store)]
    assert whole == list(range(1, len(whole) + 1))
    for limit in (1, 2, 5):
        assert [event.seq for event in all_events(store, limit)] == whole


def test_a_reader_that_comes_back_in_the_middle_of_a_commit_goes_on_there(store: StoreDriver) -> None:
    store.run_with(*specs(50))
    reader = StoreReader(store.path)
    for after in range(reader.last_event() + 1):
        found, _ = reader.events(after)
        assert [event.seq for event in found] == list(range(after + 1, reader.last_event() + 1))
    assert reader.events(reader.last_event()) == ([], reader.last_event())
    reader.close()


def test_events_can_be_filtered_by_run_and_type(store: StoreDriver) -> None:
    first, second = store.run_with(*specs(3)), store.run_with(*specs(2))
    (job, *_) = store.lease(1)
    store.settle(store.attempt(job, children=(spec(),)))
    only_second = all_events(store, wanted=EventFilter(run_id=second))
    assert {event.run_id for event in only_second} == {second}
    assert len(only_second) == 2 + 2 + 2
    spawns = all_events(store, wanted=EventFilter(run_id=first, type="job_spawn"))
    assert [event.data for event in spawns] == [{"spawned_by": id_text(job.id)}]


def test_a_filtered_reader_reaches_the_end_without_finding_anything(store: StoreDriver) -> None:
    store.run_with(*specs(3))
    reader = StoreReader(store.path)
    assert reader.events(0, EventFilter(run_id=1)) == ([], reader.last_event())
    reader.close()


def test_a_commit_that_changes_nothing_has_no_event(store: StoreDriver) -> None:
    run_id = store.run_with(spec())
    (job,) = store.lease()
    store.complete(job)
    before = store.value("SELECT count(*) FROM event_batch")
    store.complete(job)
    store.cancel(run_id)
    store.tend()
    store.commit(lease={"work": 5}, starts=5)
    assert store.value("SELECT count(*) FROM event_batch") == before


def test_an_event_as_json_shows_ids_as_text(store: StoreDriver) -> None:
    run_id = store.run_with(spec())
    (job,) = store.lease()
    store.settle(store.attempt(job, failed("broken", permanent=True)))
    event = next(event for event in all_events(store) if event.data.get("error") == "broken")
    shown = event_object(event)
    assert shown == {
        "seq": event.seq,
        "type": "job_status_change",
        "run_id": id_text(run_id),
        "job_id": id_text(job.id),
        "time": store.clock.wall_ms(),
        "data": {"state": "failed", "parent_id": id_text(job.step_id), "error": "broken"},
    }
    assert msgspec.json.decode(msgspec.json.encode(shown)) == shown


def test_an_event_costs_bytes_and_not_a_row(store: StoreDriver) -> None:
    store.run_with(*specs(1000))
    before = store.value("SELECT count(*) FROM event_batch")
    store.complete(*store.lease(1000))
    assert store.value("SELECT count(*) FROM event_batch") == before + 2
    assert store.value("SELECT max(length(batch)) FROM event_batch") < 12_000


def test_whole_commits_hold_the_same_events_wherever_a_reader_begins_and_whatever_its_limit(
    store: StoreDriver,
) -> None:
    run_id = store.submit(definition(step("a")))
    store.name(store.start(), *specs(5))
    for each in store.lease():
        store.complete(each)
    reader = StoreReader(store.path)
    expected, last = reader.events()[0], reader.last_event()
    try:
        for limit in (1, 3, 1000):
            for after in range(last + 1):
                found, reached = list[Event](), after
                while reached < last:
                    batches, there = reader.batches(reached, limit=limit)
                    assert there == last
                    found += [event for each in batches for event in each.events() if event.seq > reached]
                    assert all(each.run_ids == {run_id} for each in batches)
                    reached = batches[-1].last_seq
                assert found == expected[after:]
        assert reader.batches(last) == ([], last)
    finally:
        reader.close()
