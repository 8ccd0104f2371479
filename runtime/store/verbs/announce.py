"""Events become deliveries: a job for each that a webhook wants, in the commit that moves the webhook's cursor.

So each event is one delivery of each webhook, whatever dies and however many runtimes look: who comes second finds the
cursor moved. Deliveries are children of a run of the webhook's own, which takes in what comes while it goes on.
"""

from collections.abc import Iterator

import msgspec

from actors.job import ChildSpec, JobDefinition, Step
from actors.messages import Event, Submit
from actors.webhooks.webhook import DELIVERY, MOST_WAITING, PREFIX, Delivery, Level, Webhook
from runtime.events.cloud_events import encoded
from runtime.store.events import EventGroup, decode_groups, is_of_jobs
from runtime.store.rows import ParentRow
from runtime.store.transaction import Transaction
from runtime.store.verbs.begin import mark_running
from runtime.store.verbs.children import insert_children
from runtime.store.verbs.end import settle_parent
from runtime.store.verbs.submit import submit
from runtime.store.verbs.webhook import disable_webhook

MOST_DELIVERIES = 200
"""Made for one webhook in one transaction."""
MOST_BATCHES = 100
"""Commits whose events are looked at for one webhook in one transaction."""
RUN_DELIVERIES = 1000
"""In one run; a webhook that is never idle begins another, so that retention finds runs that have ended."""
DAMAGED = "its row is damaged: add it again"

_BEHIND = """
SELECT CAST(name AS BLOB), CAST(settings AS BLOB), cursor, CAST(steps AS BLOB) FROM webhook
WHERE enabled = 1 AND cursor < ? ORDER BY cursor
"""
_EVENTS = """
SELECT first_seq, last_seq, time_ms, batch FROM event_batch WHERE last_seq > ? AND last_seq <= ?
ORDER BY first_seq LIMIT ?
"""
_webhook = msgspec.json.Decoder(Webhook)
_steps = msgspec.json.Decoder(list[int])


class Announced(msgspec.Struct):
    """What became of it: in words, what somebody should know; ``more`` is to be done."""

    found: list[str] = []
    more: bool = False


def announce(transaction: Transaction) -> Announced:
    """Make deliveries of some of the events that webhooks have not had."""
    done = Announced()
    last_seq = transaction.reached_seq  # what this transaction adds is behind that
    floor, identity = transaction.connection.execute("SELECT event_floor, identity FROM sequence").fetchone()
    for name, settings, cursor, steps in transaction.connection.execute(_BEHIND, (last_seq,)).fetchall():
        shown = name.decode(errors="replace")
        try:
            webhook, known = _webhook.decode(settings), _steps.decode(steps)
        except msgspec.MsgspecError:
            disable_webhook(transaction, shown, DAMAGED)
            done.found.append(f"webhook {shown!r} is disabled: {DAMAGED}")
            continue
        place = _Place(webhook, cursor, last_seq)
        if cursor < floor:
            place.miss(cursor, floor, "they are kept no longer")
        _deliver(transaction, place, known, f"/quaero/{identity}", identity or "")
        done.more |= place.more
        for after, up_to, reason in place.missed:
            data = {"webhook": webhook.name, "after": after, "up_to": up_to, "reason": reason}
            transaction.events.add("webhook_missed", 0, 0, data)
            done.found.append(f"webhook {webhook.name!r} missed the events {after + 1} to {up_to}: {reason}")
    return done


class _Place:
    """How far a webhook has come."""

    def __init__(self, webhook: Webhook, cursor: int, last_seq: int) -> None:
        self.webhook = webhook
        self.start = self.cursor = cursor
        self.last_seq = last_seq
        self.more = False
        self.missed: list[tuple[int, int, str]] = []  # after, up to, why

    def miss(self, after: int, up_to: int, reason: str) -> None:
        """Go on behind these events, which can not be delivered."""
        self.missed.append((after, up_to, reason))
        self.cursor = up_to

    def wanted(self, transaction: Transaction, room: int) -> Iterator[Event]:
        """The next events that it wants; the cursor is behind each, and behind all that it does not want."""
        if not room:
            return
        wish, start = self.webhook.wish, self.cursor
        rows = transaction.connection.execute(_EVENTS, (start, self.last_seq, MOST_BATCHES)).fetchall()
        for first_seq, last_seq, time_ms, batch in rows:
            seq = first_seq
            try:
                groups = decode_groups(batch)
            except (msgspec.MsgspecError, UnicodeDecodeError):
                self.miss(max(first_seq - 1, start), last_seq, "their row is damaged")
                continue
            for group in groups:
                first, seq = seq, seq + len(group.job_ids)
                if not wish.takes(group.type, group.run_id, group.definition_id, _level(group)):
                    continue
                for number in range(max(first, start + 1), seq):
                    if not room:
                        self.more = True
                        return
                    room -= 1
                    self.cursor = number
                    job_id = group.job_ids[number - first]
                    yield Event(number, group.type, group.run_id, job_id, time_ms, group.data)
            self.cursor = last_seq
        self.more = self.cursor < self.last_seq and len(rows) == MOST_BATCHES
        if not self.more:
            self.cursor = max(self.cursor, self.last_seq)


def _deliver(transaction: Transaction, place: _Place, known: list[int], source: str, identity: str) -> None:
    transaction.load_parents(known)
    steps = [transaction.parents[each] for each in known if transaction.exists(each)]
    steps = [step for step in steps if not step.ended]
    room = min(MOST_DELIVERIES, max(MOST_WAITING - sum(step.open for step in steps), 0))
    specs = [_spec(place.webhook.name, event, source, identity) for event in place.wanted(transaction, room)]
    if specs:
        step = next((each for each in steps if each.closing is None and each.total < RUN_DELIVERIES), None)
        if step is None:
            step = _begin(transaction, place.webhook)
            steps.append(step)
        insert_children(transaction, step, specs, None)
        settle_parent(transaction, step)
    left = [step.id for step in steps]
    if (place.cursor, left) != (place.start, known):  # else two runtimes would wake each other for ever
        transaction.connection.execute(
            "UPDATE webhook SET cursor = ?, steps = ? WHERE name = ?",
            (place.cursor, msgspec.json.encode(left).decode(), place.webhook.name),
        )


def _level(group: EventGroup) -> Level:
    if is_of_jobs(group):
        return Level.ALL
    return Level.RUNS if group.job_ids == [group.run_id] else Level.PARENTS


def _spec(name: str, event: Event, source: str, identity: str) -> ChildSpec:
    message_id = f"msg_{identity}_{name}_{event.seq}"
    payload = Delivery(name, message_id, msgspec.Raw(encoded(event, source).body))
    return ChildSpec(
        DELIVERY,
        msgspec.json.encode(payload).decode(),
        name=f"{name}: {event.type} {event.seq}",
        unique_key=str(event.seq),
    )


def _begin(transaction: Transaction, webhook: Webhook) -> ParentRow:
    """A run of deliveries, whose one step takes in children. It is a fan-out, so that it can be made again."""
    step = Step("deliver", "fan_out", {"job_type": DELIVERY, "pages": 1}, concurrency=webhook.concurrency)
    definition = JobDefinition(PREFIX + webhook.name, f"Webhook {webhook.name}", (step,), tags=("webhook",))
    ids = transaction.context.ids
    run_id, step_id = ids.next(), ids.next()
    submit(transaction, Submit(definition, run_id, (step_id,), None))
    parent = transaction.parent(step_id)
    mark_running(transaction, parent)
    parent.naming, parent.named = "idle", 1
    transaction.change_parent(parent)
    return parent
