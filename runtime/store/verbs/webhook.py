"""Webhooks are set, forgotten, enabled and disabled: one row for each name. Nothing here can open a secret."""

import msgspec

from actors.messages import (
    AdoptWebhooks,
    DisableWebhook,
    EnableWebhook,
    Refused,
    RemoveWebhook,
    SetWebhook,
    WebhookAcknowledged,
    WebhooksAdopted,
)
from actors.webhooks.webhook import Webhook
from runtime.store.transaction import Transaction

ABOUT_WEBHOOKS = SetWebhook | RemoveWebhook | EnableWebhook | DisableWebhook | AdoptWebhooks

_ROW = "SELECT settings, enabled, reason, origin FROM webhook WHERE name = ?"
_SET = """
INSERT INTO webhook (name, settings, sealed, enabled, reason, cursor, origin, created_at, updated_at)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?8)
ON CONFLICT (name) DO UPDATE SET settings = ?2, sealed = ?3, enabled = ?4, reason = ?5,
    cursor = CASE WHEN enabled = 0 AND ?4 = 1 THEN ?6 ELSE cursor END, origin = ?7, updated_at = ?8
"""
_webhook = msgspec.json.Decoder(Webhook)


def answer_about_webhooks(
    transaction: Transaction, request: ABOUT_WEBHOOKS
) -> WebhookAcknowledged | WebhooksAdopted | Refused:
    """Do what the request asks; returns the reply."""
    match request:
        case SetWebhook():
            return set_webhook(transaction, request)
        case RemoveWebhook():
            return remove_webhook(transaction, request.name)
        case EnableWebhook():
            return enable_webhook(transaction, request.name)
        case DisableWebhook():
            return disable_webhook(transaction, request.name, request.reason)
        case AdoptWebhooks():
            return adopt_webhooks(transaction, request)


def set_webhook(transaction: Transaction, request: SetWebhook) -> WebhookAcknowledged | Refused:
    """Set a webhook: events from now on; an older one of its name keeps its place.

    One that was disabled stays so if its configuration says nothing new of where it is.
    """
    connection, webhook = transaction.connection, request.webhook
    known = connection.execute(_ROW, (webhook.name,)).fetchone()
    if known is not None and known[3] and not request.origin:
        return Refused(
            f"webhook {webhook.name!r} is set by {known[3]}",
            "change it there, or remove it first to replace it",
        )
    before = None if known is None else _read(known[0])
    enabled, reason = request.enabled, None
    if known is not None and known[2] and request.origin and before is not None and before.url == webhook.url:
        enabled, reason = False, known[2]
    elif known is not None and not enabled:
        reason = known[2]
    settings = msgspec.json.encode(webhook).decode()
    changed = known is None or (known[0], bool(known[1])) != (settings, enabled)
    if changed:
        transaction.events.add("webhook_set", 0, 0, {"webhook": webhook.name, "enabled": enabled})
    connection.execute("UPDATE sequence SET identity = coalesce(identity, ?)", (request.store_identity,))
    connection.execute(
        _SET,
        (
            webhook.name,
            settings,
            request.sealed,
            enabled,
            reason,
            transaction.reached_seq,
            request.origin,
            transaction.now_ms,
        ),
    )
    _count(transaction)
    return WebhookAcknowledged(webhook.name, changed, enabled, reason or "", request.origin)


def remove_webhook(transaction: Transaction, name: str) -> WebhookAcknowledged:
    """Forget a webhook; what waits to be delivered is cancelled when its turn comes."""
    known = transaction.connection.execute(_ROW, (name,)).fetchone()
    if known is None:
        return WebhookAcknowledged(name, changed=False)
    transaction.connection.execute("DELETE FROM webhook WHERE name = ?", (name,))
    transaction.events.add("webhook_removed", 0, 0, {"webhook": name})
    _count(transaction)
    return WebhookAcknowledged(name, changed=True, origin=known[3])


def enable_webhook(transaction: Transaction, name: str) -> WebhookAcknowledged | Refused:
    """Send it the events from now on."""
    known = transaction.connection.execute(_ROW, (name,)).fetchone()
    if known is None:
        return _unknown(name)
    if not known[1]:
        transaction.events.add("webhook_enabled", 0, 0, {"webhook": name})
        transaction.connection.execute(
            "UPDATE webhook SET enabled = 1, reason = NULL, cursor = ?, updated_at = ? WHERE name = ?",
            (transaction.reached_seq, transaction.now_ms, name),
        )
        _count(transaction)
    return WebhookAcknowledged(name, changed=not known[1], enabled=True, origin=known[3])


def disable_webhook(transaction: Transaction, name: str, reason: str) -> WebhookAcknowledged | Refused:
    """Send it nothing until it is enabled again."""
    known = transaction.connection.execute(_ROW, (name,)).fetchone()
    if known is None:
        return _unknown(name)
    if known[1]:
        transaction.events.add("webhook_disabled", 0, 0, {"webhook": name, "reason": reason})
    transaction.connection.execute(
        "UPDATE webhook SET enabled = 0, reason = ?, updated_at = ? WHERE name = ?",
        (reason, transaction.now_ms, name),
    )
    _count(transaction)
    return WebhookAcknowledged(name, changed=bool(known[1]), enabled=False, reason=reason, origin=known[3])


def adopt_webhooks(transaction: Transaction, request: AdoptWebhooks) -> WebhooksAdopted:
    """Set the webhooks of a configuration, and forget those that vanished from it."""
    done = [set_webhook(transaction, each) for each in request.webhooks]
    wanted = {each.webhook.name for each in request.webhooks}
    names = transaction.connection.execute(
        "SELECT name FROM webhook WHERE origin = ? ORDER BY name", (request.origin,)
    ).fetchall()
    forgotten = [name for (name,) in names if request.origin and name not in wanted]
    for name in forgotten:
        remove_webhook(transaction, name)
    answers = [each for each in done if isinstance(each, WebhookAcknowledged)]
    return WebhooksAdopted(
        tuple(each.name for each in answers if each.changed),
        tuple(forgotten),
        tuple(each.name for each in answers if each.reason),
    )


def _read(settings: str) -> Webhook | None:
    try:
        return _webhook.decode(settings)
    except msgspec.MsgspecError:
        return None


def _count(transaction: Transaction) -> None:
    """Every transaction reads the number of webhooks beside that of the last event; this one goes on with the new."""
    transaction.webhooks = transaction.connection.execute(
        "UPDATE sequence SET webhooks = (SELECT count(*) FROM webhook WHERE enabled = 1) RETURNING webhooks"
    ).fetchone()[0]


def _unknown(name: str) -> Refused:
    return Refused(f"there is no webhook {name!r}", "`quaero webhook list` lists them")
