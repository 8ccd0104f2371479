"""Events become deliveries: each once for each webhook that wants it, whoever looks, however late, whatever dies."""

from collections.abc import Iterator
from typing import Any

import msgspec
import pytest

from actors.job import LeasedJob
from actors.seams import ManualClock
from actors.webhooks.webhook import Level
from runtime.store.retention import DAY_MS, Retention
from runtime.store.verbs import announce as announcing
from tests.store.driver import StoreDriver
from tests.store.webhooks import (
    DELIVERY,
    announced,
    deliver_all,
    delivered,
    hook,
    of_definition,
    put,
    work,
)


@pytest.fixture
def other(store: StoreDriver, clock: ManualClock) -> Iterator[StoreDriver]:
    """Another runtime on the same store."""
    second = StoreDriver(store.path, clock)
    yield second
    second.close()


def test_each_event_since_a_webhook_was_set_is_one_delivery_of_it(store: StoreDriver) -> None:
    work(store)
    put(store, hook())
    work(store)
    assert announced(store) == []
    numbers = of_definition(store)
    assert delivered(store) == numbers
    assert len(numbers) == 12
    assert announced(store) == []
    assert delivered(store) == numbers


def test_a_delivery_has_the_event_and_an_id_that_nothing_else_has(store: StoreDriver) -> None:
    put(store, hook())
    run_id = work(store, 1)
    announced(store)
    payloads = [
        msgspec.json.decode(row[0])
        for row in store.rows("SELECT payload FROM job WHERE type = ? ORDER BY id", DELIVERY)
    ]
    first = payloads[0]["event"]
    assert first["type"] == "job_status_change"
    assert first["source"] == "/quaero/570e"
    assert first["sequence"] == f"{int(first['id']):020}"
    assert first["data"]["definition_id"] == "test"
    assert first["correlationid"] == first["subject"]
    assert {each["message_id"] for each in payloads} == {
        f"msg_570e_ops_{each['event']['id']}" for each in payloads
    }
    assert run_id


def test_deliveries_tell_of_themselves_to_no_webhook(store: StoreDriver) -> None:
    put(store, hook())
    put(store, hook("other"))
    announced(store)
    work(store)
    deliver_all(store)
    numbers = of_definition(store)
    assert delivered(store, "other") == numbers
    assert delivered(store) == [2, *numbers], "it hears of the other one"
    assert store.rows("SELECT DISTINCT state FROM job") == [("completed",)]
    assert not store.file.webhooks_behind()


def test_what_comes_while_a_run_of_deliveries_goes_on_joins_it(store: StoreDriver) -> None:
    put(store, hook())
    work(store)
    announced(store)
    work(store)
    announced(store)
    assert store.value("SELECT count(*) FROM job WHERE type = 'webhook:ops'") == 1
    deliver_all(store)
    work(store)
    deliver_all(store)
    assert store.value("SELECT count(*) FROM job WHERE type = 'webhook:ops'") == 2


def test_no_more_than_so_many_of_a_webhook_run_at_once(store: StoreDriver) -> None:
    put(store, hook())
    put(store, hook("other"))
    work(store)
    announced(store)
    jobs = store.lease(job_type=DELIVERY)
    assert len(jobs) == 8, "four of each"


@pytest.mark.parametrize(
    ("wish", "expected"),
    [
        ({"level": Level.RUNS}, 3),
        ({"level": Level.PARENTS}, 6),
        ({"types": ("job_log",)}, 0),
        ({"types": ("job_status_change",), "level": Level.RUNS}, 3),
        ({"definitions": ("test",)}, 12),
        ({"definitions": ("another",)}, 0),
        ({"runs": (1,)}, 0),
    ],
)
def test_a_webhook_gets_what_it_wants(store: StoreDriver, wish: dict[str, Any], expected: int) -> None:
    put(store, hook(**wish))
    work(store)
    announced(store)
    assert len(delivered(store)) == expected
    announced(store)
    assert not store.file.webhooks_behind()


def test_who_is_dead_holds_up_no_other_and_does_not_fill_the_store(
    store: StoreDriver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(announcing, "MOST_WAITING", 5)
    monkeypatch.setattr(announcing, "RUN_DELIVERIES", 4)
    put(store, hook("alive"))
    put(store, hook("dead"))
    work(store)
    announced(store)
    while jobs := [job for job in store.lease(job_type=DELIVERY) if is_to(job, "alive")]:
        store.complete(*jobs)
        announced(store)
    numbers = of_definition(store)
    assert delivered(store, "alive") == [2, *numbers]
    assert delivered(store, "dead") == numbers[:5]
    assert store.file.webhooks_behind()
    store.complete(*(job for job in _leased(store) if is_to(job, "dead")))
    deliver_all(store)
    assert delivered(store, "dead") == numbers
    totals = store.rows(
        "SELECT total FROM parent JOIN job USING (id) WHERE parent.kind = 'step' AND name = 'deliver'"
    )
    assert max(total for (total,) in totals) <= 8


def is_to(job: LeasedJob, name: str) -> bool:
    return bool(msgspec.json.decode(job.payload)["webhook"] == name)


def _leased(store: StoreDriver) -> list[LeasedJob]:
    """What was leased and neither completed nor given back, as it was leased."""
    rows = store.rows(
        "SELECT id, token, parent_id, root_id, type, payload, name, attempt, max_attempts, depth, backoff_ms"
        " FROM job WHERE state = 'running' AND kind = 'job'"
    )
    return [LeasedJob(*row) for row in rows]


def test_a_webhook_that_waits_for_room_makes_no_commit_that_wakes_others(
    store: StoreDriver, other: StoreDriver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(announcing, "MOST_WAITING", 3)
    put(store, hook())
    work(store)
    announced(store)
    other.file.foreign_commits()
    announced(store)
    assert not other.file.foreign_commits()


def test_many_events_of_one_commit_are_delivered_in_slices(
    store: StoreDriver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(announcing, "MOST_DELIVERIES", 7)
    monkeypatch.setattr(announcing, "MOST_BATCHES", 2)
    put(store, hook())
    work(store, 50)
    announced(store)
    assert delivered(store) == of_definition(store)


def test_two_runtimes_make_one_delivery_of_each_event(store: StoreDriver, other: StoreDriver) -> None:
    put(store, hook())
    for _ in range(3):
        work(store)
        announced(other)
        work(other)
        announced(store)
        announced(other)
    assert delivered(store) == of_definition(store)


def test_a_runtime_that_dies_leaves_cursor_and_deliveries_together(
    store: StoreDriver, other: StoreDriver, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(store, hook())
    work(store)

    def die(*_: Any) -> None:
        raise RuntimeError("killed")

    with monkeypatch.context() as patched:
        patched.setattr(announcing, "settle_parent", die)
        with pytest.raises(RuntimeError, match="killed"):
            store.file.announce()
    assert delivered(store) == []
    announced(other)
    assert delivered(store) == of_definition(store)


def test_the_event_of_a_run_that_was_erased_meanwhile_is_delivered(store: StoreDriver) -> None:
    put(store, hook(definitions=("test",)))
    run_id = work(store)
    numbers = of_definition(store)
    store.delete(run_id)
    store.prune()
    assert store.value("SELECT count(*) FROM job WHERE id = ?", run_id) == 0
    announced(store)
    assert delivered(store)[: len(numbers)] == numbers


def test_events_that_were_pruned_are_told_to_be_missed(store: StoreDriver, clock: ManualClock) -> None:
    store.file.pruning._retention = Retention(events_days=1)
    put(store, hook(level=Level.RUNS))
    work(store)
    clock.advance(2 * DAY_MS / 1000)
    work(store)
    store.prune()
    (said,) = announced(store)
    assert "webhook 'ops' missed the events 2 to" in said
    assert "kept no longer" in said
    assert store.value("SELECT cursor = event_seq OR cursor > event_floor FROM webhook, sequence")
