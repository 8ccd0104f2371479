"""Events become deliveries: each once for each webhook that wants it, whoever looks, however late, whatever dies."""

from collections.abc import Iterator
from typing import Any

import msgspec
import pytest

from actors.job import LeasedJob
from actors.messages import (
    AdoptWebhooks,
    DisableWebhook,
    EnableWebhook,
    PauseType,
    Refused,
    RemoveWebhook,
    SetWebhook,
    WebhookAcknowledged,
    WebhooksAdopted,
)
from actors.seams import ManualClock
from actors.webhooks.webhook import EventWish, Level, Webhook
from runtime.store.reading.reader import StoreReader
from runtime.store.retention import DAY_MS, Retention
from runtime.store.verbs import announce as announcing
from tests.store.driver import StoreDriver, definition, specs, step

URL = "https://example.com/hook"
DELIVERY = "webhook_delivery"


@pytest.fixture
def other(store: StoreDriver, clock: ManualClock) -> Iterator[StoreDriver]:
    """Another runtime on the same store."""
    second = StoreDriver(store.path, clock)
    yield second
    second.close()


def hook(
    name: str = "ops", *, url: str = URL, enabled: bool = True, origin: str = "", **wish: Any
) -> SetWebhook:
    return SetWebhook(Webhook(name, url, EventWish(**wish)), b"sealed", "570e", enabled, origin)


def put(store: StoreDriver, request: Any) -> WebhookAcknowledged:
    (reply,) = store.commit(request).replies
    assert isinstance(reply, WebhookAcknowledged), reply
    return reply


def announced(store: StoreDriver) -> list[str]:
    """All that is to be delivered now becomes deliveries; returns what somebody should know."""
    found: list[str] = []
    more = True
    while more:
        commits, done = store.file.announce()
        store.seen(commits, store._demand(None, 0, ()))
        found += done.found
        more = done.more
    return found


def delivered(store: StoreDriver, name: str = "ops") -> list[int]:
    """The numbers of the events that there are deliveries of to a webhook."""
    rows = store.rows("SELECT payload FROM job WHERE type = ? ORDER BY id", DELIVERY)
    payloads = [msgspec.json.decode(row[0]) for row in rows]
    return sorted(int(each["event"]["id"]) for each in payloads if each["webhook"] == name)


def of_definition(store: StoreDriver, *, after: int = 0) -> list[int]:
    """The numbers of the events of runs of definition "test"."""
    reader = StoreReader(store.path)
    try:
        found, _ = reader.events(after)
    finally:
        reader.close()
    return [event.seq for event in found if event.data.get("definition_id") == "test"]


def work(store: StoreDriver, number: int = 2, **options: Any) -> int:
    """A run of so many jobs, from its submit to its end."""
    run_id = store.run_with(*specs(number), of=definition(step(), **options))
    store.complete(*store.lease())
    return run_id


def deliver(store: StoreDriver) -> list[LeasedJob]:
    """Lease and complete what may be delivered now."""
    jobs = store.lease(job_type=DELIVERY)
    if jobs:
        store.complete(*jobs)
    return jobs


def deliver_all(store: StoreDriver) -> None:
    """Until nothing is left to be delivered."""
    announced(store)
    while deliver(store):
        announced(store)


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


def test_a_disabled_webhook_gets_nothing_and_begins_anew_when_it_is_enabled(store: StoreDriver) -> None:
    put(store, hook())
    assert put(store, DisableWebhook("ops", "gone")).changed
    assert not put(store, DisableWebhook("ops", "gone")).changed
    work(store)
    announced(store)
    assert delivered(store) == []
    assert not store.file.webhooks_behind()
    assert put(store, EnableWebhook("ops")).changed
    before = store.value("SELECT event_seq FROM sequence")
    work(store)
    announced(store)
    assert delivered(store) == of_definition(store, after=before)


def test_one_that_is_set_anew_goes_on_where_it_was(store: StoreDriver) -> None:
    assert put(store, hook()).changed
    work(store)
    assert not put(store, hook()).changed
    assert put(store, hook(url="https://example.com/other")).changed
    announced(store)
    assert set(of_definition(store)) <= set(delivered(store))


def test_what_is_not_there_is_refused(store: StoreDriver) -> None:
    for request in (EnableWebhook("no"), DisableWebhook("no", "")):
        (reply,) = store.commit(request).replies
        assert isinstance(reply, Refused)
        assert reply.message == "there is no webhook 'no'"
    assert not put(store, RemoveWebhook("no")).changed


def test_a_removed_webhook_is_forgotten(store: StoreDriver) -> None:
    put(store, hook())
    assert put(store, RemoveWebhook("ops")).changed
    work(store)
    announced(store)
    assert delivered(store) == []
    assert store.value("SELECT webhooks FROM sequence") == 0


def test_a_configuration_sets_its_webhooks_and_forgets_those_that_vanished_from_it(
    store: StoreDriver,
) -> None:
    put(store, hook("by-hand"))

    def adopt(*webhooks: SetWebhook, origin: str = "/a/quaero.toml") -> WebhooksAdopted:
        (reply,) = store.commit(AdoptWebhooks(origin, webhooks)).replies
        assert isinstance(reply, WebhooksAdopted)
        return reply

    one, two = (hook(name, origin="/a/quaero.toml") for name in ("one", "two"))
    assert adopt(one, two).changed == ("one", "two")
    assert adopt(one, two).changed == ()
    adopt(hook("theirs", origin="/b/quaero.toml"), origin="/b/quaero.toml")
    (refused,) = store.commit(hook("one")).replies
    assert isinstance(refused, Refused)
    assert "is set by /a/quaero.toml" in refused.message
    assert adopt(one).forgotten == ("two",)
    assert [row[0] for row in store.rows("SELECT name FROM webhook ORDER BY name")] == [
        "by-hand",
        "one",
        "theirs",
    ]


def test_a_start_does_not_enable_what_a_receiver_or_an_operator_has_disabled(store: StoreDriver) -> None:
    configured = hook(origin="/a/quaero.toml")
    store.commit(AdoptWebhooks("/a/quaero.toml", (configured,)))
    put(store, DisableWebhook("ops", "it answered 410"))
    (again,) = store.commit(AdoptWebhooks("/a/quaero.toml", (configured,))).replies
    assert again.disabled == ("ops",)
    moved = hook(url="https://example.com/new", origin="/a/quaero.toml")
    (moved_to,) = store.commit(AdoptWebhooks("/a/quaero.toml", (moved,))).replies
    assert moved_to.disabled == ()
    assert store.value("SELECT enabled FROM webhook") == 1


def test_a_damaged_row_is_disabled_and_stops_nobody_else(store: StoreDriver) -> None:
    put(store, hook("bad"))
    put(store, hook())
    store.file.connection.execute("UPDATE webhook SET settings = '{' WHERE name = 'bad'")
    work(store)
    (said,) = announced(store)
    assert said == "webhook 'bad' is disabled: its row is damaged: add it again"
    assert set(of_definition(store)) <= set(delivered(store))


def test_runs_of_deliveries_are_kept_for_a_week_whatever_else_is_kept(
    store: StoreDriver, clock: ManualClock
) -> None:
    put(store, hook())
    mine = work(store)
    deliver_all(store)
    clock.advance(6 * DAY_MS / 1000)
    store.prune()
    assert delivered(store)
    clock.advance(2 * DAY_MS / 1000)
    store.prune()
    assert delivered(store) == []
    assert store.state(mine) == "completed"


def test_without_webhooks_events_are_recorded_as_ever(store: StoreDriver) -> None:
    work(store)
    assert of_definition(store) == []
    assert not store.file.webhooks_behind()
    store.commit(PauseType("work"))
    assert not store.commit().announceable


def test_a_list_of_runs_may_leave_deliveries_out(store: StoreDriver) -> None:
    from runtime.store.reading.jobs import JobFilter

    put(store, hook())
    mine = work(store)
    deliver_all(store)
    reader = StoreReader(store.path)
    try:
        found = reader.jobs(JobFilter(kind="run", deliveries=False))
        every = reader.jobs(JobFilter(kind="run"))
        (shown,) = reader.webhooks()
    finally:
        reader.close()
    assert [each["type"] for each in found] == ["test"]
    assert [each["type"] for each in every] == ["test", "webhook:ops"]
    assert shown["deliveries"]["completed"] == 12
    assert mine


def test_what_is_committed_together_with_a_webhook_is_known_to_it(store: StoreDriver) -> None:
    request = store.submission()
    store.commit(hook(definitions=("test",)), request)
    announced(store)
    assert delivered(store) == of_definition(store)
    assert len(delivered(store)) == 2
