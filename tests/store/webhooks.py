"""Webhooks in a store that is driven without actors: set, announced, delivered."""

from typing import Any

import msgspec

from actors.job import LeasedJob
from actors.messages import (
    SetWebhook,
    WebhookAcknowledged,
)
from actors.webhooks.webhook import EventWish, Webhook
from runtime.store.reading.reader import StoreReader
from tests.store.driver import StoreDriver, definition, specs, step

URL = "https://example.com/hook"
DELIVERY = "webhook_delivery"


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
