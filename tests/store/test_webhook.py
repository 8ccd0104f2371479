"""Webhooks as rows: set, forgotten, enabled, disabled, adopted; and what is kept and shown of their deliveries."""

from actors.messages import (
    AdoptWebhooks,
    DisableWebhook,
    EnableWebhook,
    PauseType,
    Refused,
    RemoveWebhook,
    SetWebhook,
    WebhooksAdopted,
)
from actors.seams import ManualClock
from actors.webhooks.webhook import Level
from runtime.store.reading.jobs import JobFilter
from runtime.store.reading.reader import StoreReader
from runtime.store.retention import DAY_MS
from tests.store.driver import StoreDriver
from tests.store.webhooks import (
    announced,
    deliver_all,
    delivered,
    hook,
    of_definition,
    put,
    work,
)


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


def test_a_damaged_row_of_events_is_told_to_be_missed_and_holds_up_no_other(store: StoreDriver) -> None:
    put(store, hook(level=Level.RUNS))
    work(store)
    numbers = of_definition(store)
    second = "(SELECT min(first_seq) FROM event_batch WHERE first_seq > 1)"
    store.file.connection.execute(f"UPDATE event_batch SET batch = x'c1' WHERE first_seq = {second}")
    (said,) = announced(store)
    assert "webhook 'ops' missed the events" in said
    assert "their row is damaged" in said
    assert delivered(store)
    assert set(delivered(store)) < set(numbers)
