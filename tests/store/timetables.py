"""Schedules in a store, as a test sets and reads them."""

from datetime import UTC, datetime
from typing import Any

from actors.job import JobDefinition, Step
from actors.messages import (
    ScheduleAcknowledged,
    ScheduleRuns,
)
from tests.store.driver import StoreDriver

MINUTE = 60.0
HOUR = 3600.0
START = round(datetime(2026, 1, 1, tzinfo=UTC).timestamp() * 1000)


def scheduled(cron: str = "*/5 * * * *", *steps: Step, id: str = "tick", **options: Any) -> JobDefinition:  # noqa: A002
    """A definition whose runs end at once, unless it has steps."""
    return JobDefinition(id=id, name=id, steps=steps, schedule=cron, **options)


def put(store: StoreDriver, *definitions: JobDefinition, origin: str = "") -> ScheduleAcknowledged:
    reply = store.commit(ScheduleRuns(definitions, origin)).replies[0]
    assert isinstance(reply, ScheduleAcknowledged), reply
    return reply


def runs(store: StoreDriver, definition_id: str = "tick") -> int:
    return int(store.value("SELECT count(*) FROM job WHERE kind = 'run' AND type = ?", definition_id))


def events(store: StoreDriver, event: str) -> list[dict[str, Any]]:
    store.oracle.check()
    return [data for _, kind, _, _, data in store.oracle.events if kind == event]
