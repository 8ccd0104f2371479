"""Webhooks as read: where each is, how far it has come, what became of its deliveries. No secret is read but sealed."""

import sqlite3
from typing import Any, NamedTuple

import msgspec

from actors.ids import id_text
from actors.job import Counts
from actors.webhooks.webhook import MOST_WAITING, PREFIX, Webhook
from runtime.store.reading.objects import COUNTED, counts_object

_BEHIND = """
SELECT webhooks > 0 AND EXISTS (SELECT 1 FROM webhook WHERE enabled = 1 AND cursor < event_seq) FROM sequence
"""
_WITH_ROOM = f"""
SELECT webhooks > 0 AND EXISTS (
    SELECT 1 FROM webhook WHERE enabled = 1 AND cursor < event_seq AND (NOT json_valid(steps) OR {MOST_WAITING} > (
        SELECT coalesce(sum(scheduled + pending + running), 0) FROM parent
        WHERE id IN (SELECT value FROM json_each(steps))))) FROM sequence
"""
_ROWS = """
SELECT name, CAST(settings AS BLOB), enabled, reason, event_seq - cursor, origin, created_at, updated_at
FROM webhook, sequence ORDER BY name
"""
_DELIVERIES = f"""
SELECT substr(job.type, {len(PREFIX) + 1}), {", ".join(f"sum(parent.{name})" for name in COUNTED)}
FROM job JOIN parent ON parent.run_id = job.id AND parent.kind = 'step'
WHERE job.kind = 'run' AND job.type GLOB '{PREFIX}*' GROUP BY job.type
"""
_webhook = msgspec.json.Decoder(Webhook)


class StoredWebhook(NamedTuple):
    """A row, for whoever sends to it. ``webhook`` None: it is damaged."""

    webhook: Webhook | None
    sealed: bytes
    enabled: bool
    reason: str
    origin: str


def webhooks_behind(connection: sqlite3.Connection) -> bool:
    """Whether an enabled webhook has not had all events."""
    return bool(connection.execute(_BEHIND).fetchone()[0])


def deliverable(connection: sqlite3.Connection) -> bool:
    """Whether such a webhook has room for further deliveries: fewer of it wait than may."""
    return bool(connection.execute(_WITH_ROOM).fetchone()[0])


def stored_webhook(connection: sqlite3.Connection, name: str) -> StoredWebhook | None:
    """The webhook of that name."""
    row = connection.execute(
        "SELECT CAST(settings AS BLOB), sealed, enabled, reason, origin FROM webhook WHERE name = ?", (name,)
    ).fetchone()
    if row is None:
        return None
    return StoredWebhook(_read(row[0]), bytes(row[1]), bool(row[2]), row[3] or "", row[4])


def list_webhooks(connection: sqlite3.Connection) -> list[dict[str, Any]]:
    """All webhooks by name; ``deliveries`` are counted over the runs that are kept."""
    rows = connection.execute(_ROWS).fetchall()
    if not rows:
        return []
    made = {name: Counts(*counted) for name, *counted in connection.execute(_DELIVERIES)}
    return [_object(row, made.get(row[0], Counts())) for row in rows]


def _object(row: tuple[Any, ...], deliveries: Counts) -> dict[str, Any]:
    name, settings, enabled, reason, behind, origin, created_at, updated_at = row
    webhook = _read(settings) or Webhook(name, "")
    wish = webhook.wish
    shown = {
        "name": name,
        "url": webhook.url,
        "events": list(wish.types),
        "definitions": list(wish.definitions),
        "runs": [id_text(run_id) for run_id in wish.runs],
        "level": wish.level.value,
        "enabled": bool(enabled),
        "timeout_seconds": webhook.timeout_seconds,
        "concurrency": webhook.concurrency,
        "allow_private_addresses": webhook.allow_private_addresses,
        "events_behind": behind if enabled else 0,
        "deliveries": counts_object(deliveries),
        "configuration": origin or None,
        "created_at": created_at,
        "updated_at": updated_at,
    }
    return {**shown, "reason": reason} if reason else shown


def _read(settings: bytes) -> Webhook | None:
    try:
        return _webhook.decode(settings)
    except msgspec.MsgspecError:
        return None
