"""The numbers a runtime has to tell: read from the store and the engine at the moment they are asked for.

They are kept nowhere else. ``/metrics`` and OpenTelemetry show the same ones, each under its own kind of name.
"""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import msgspec

from runtime.store.reading.reader import StoreReader
from runtime.workings import ActorKind, Workings, workings

if TYPE_CHECKING:
    from runtime.assembly import Assembly


class Meaning(msgspec.Struct, frozen=True):
    """What a number is. ``name`` is OpenTelemetry's; Prometheus has underscores in it, and its unit at the end."""

    name: str
    text: str
    unit: str
    counter: bool = False
    labels: tuple[str, ...] = ()

    @property
    def prometheus_name(self) -> str:
        """As https://prometheus.io/docs/practices/naming/ has it."""
        return self.name.replace(".", "_") + ("_seconds" if self.unit == "s" else "")


class Measure(msgspec.Struct, frozen=True):
    """A number now, once for each combination of its labels' values."""

    meaning: Meaning
    points: tuple[tuple[tuple[str, ...], float], ...]


_ROWS = {
    kind: Meaning(
        f"quaero.{kind}", f"Rows of {kind} in the store, by state", f"{{{kind[:-1]}}}", labels=("state",)
    )
    for kind in ("runs", "steps", "jobs")
}
_DOCUMENTS = Meaning("quaero.documents", "Documents in the store", "{document}")
_QUEUED = {
    key: Meaning(f"quaero.queue.{key}.jobs", f"Jobs that are {key}, by type", "{job}", labels=("type",))
    for key in ("pending", "running", "scheduled")
}
_PAUSED = Meaning("quaero.queue.paused", "Whether the type is paused", "1", labels=("type",))
_SLOTS = Meaning("quaero.worker.slots", "Jobs of the type at once in this runtime", "{job}", labels=("type",))
_EVENTS = Meaning("quaero.events", "Events recorded in the store", "{event}", counter=True)
_DELIVERIES = Meaning(
    "quaero.webhook.deliveries",
    "Deliveries in the store, by webhook and state",
    "{delivery}",
    labels=("webhook", "state"),
)
_ENABLED = Meaning("quaero.webhook.enabled", "Whether the webhook is enabled", "1", labels=("webhook",))
_BEHIND = Meaning(
    "quaero.webhook.behind.events",
    "Events that were not looked at for the webhook",
    "{event}",
    labels=("webhook",),
)
_ACTORS = Meaning("quaero.actors", "Living actors, by class", "{actor}", labels=("actor",))
_MAILBOXES = Meaning(
    "quaero.actor.mailbox.messages", "Messages that wait in mailboxes", "{message}", labels=("actor",)
)
_HANDLED = Meaning(
    "quaero.actor.messages",
    "Messages handled by the actors that live",
    "{message}",
    counter=True,
    labels=("actor", "outcome"),
)
_RESTARTS = Meaning(
    "quaero.actor.restarts", "Actors started again", "{restart}", counter=True, labels=("actor",)
)
_LAG = Meaning("quaero.core.lag", "Wait of the last measured turn for the core thread", "s")
_DEAD_LETTERS = Meaning("quaero.dead_letters", "Messages that reached nobody", "{message}", counter=True)
_ABANDONED = Meaning("quaero.abandoned_threads", "Threads with bodies that were given up", "{thread}")

MEANINGS: tuple[Meaning, ...] = (
    *_ROWS.values(),
    _DOCUMENTS,
    *_QUEUED.values(),
    _PAUSED,
    _SLOTS,
    _EVENTS,
    _DELIVERIES,
    _ENABLED,
    _BEHIND,
    _ACTORS,
    _MAILBOXES,
    _HANDLED,
    _RESTARTS,
    _LAG,
    _DEAD_LETTERS,
    _ABANDONED,
)
"""All of them."""


def measured(assembly: "Assembly", reader: StoreReader) -> Iterator[Measure]:
    """All numbers, those of the store of one moment each; while the actors do not run, those alone."""
    yield from _of_rows(reader.statistics())
    workers = assembly.workers
    yield from _of_queues(reader.queues(tuple(workers)))
    yield Measure(_SLOTS, tuple(((name,), worker.options.slots) for name, worker in workers.items()))
    yield _one(_EVENTS, reader.last_event())
    yield from _of_webhooks(reader.webhooks())
    if assembly.running:
        yield from _of_engine(workings(assembly))


def _one(meaning: Meaning, value: float) -> Measure:
    return Measure(meaning, (((), value),))


def _of_rows(statistics: dict[str, Any]) -> Iterator[Measure]:
    for kind, meaning in _ROWS.items():
        states = statistics[kind].items()
        yield Measure(meaning, tuple(((state,), number) for state, number in states if state != "total"))
    yield _one(_DOCUMENTS, statistics["documents"])


def _of_queues(queues: list[dict[str, Any]]) -> Iterator[Measure]:
    for key, meaning in _QUEUED.items():
        yield Measure(meaning, tuple(((queue["type"],), queue[key]) for queue in queues))
    yield Measure(_PAUSED, tuple(((queue["type"],), float(queue["paused"])) for queue in queues))


def _of_webhooks(webhooks: list[dict[str, Any]]) -> Iterator[Measure]:
    yield Measure(
        _DELIVERIES,
        tuple(
            ((each["name"], state), number)
            for each in webhooks
            for state, number in each["deliveries"].items()
            if state != "total"
        ),
    )
    yield Measure(_ENABLED, tuple(((each["name"],), float(each["enabled"])) for each in webhooks))
    yield Measure(_BEHIND, tuple(((each["name"],), each["events_behind"]) for each in webhooks))


def _of_engine(found: Workings) -> Iterator[Measure]:
    actors = found.actors
    yield Measure(_ACTORS, tuple(((each.actor,), each.living) for each in actors))
    yield Measure(_MAILBOXES, tuple(((each.actor,), each.waiting_messages) for each in actors))
    yield Measure(
        _HANDLED,
        tuple(((each.actor, outcome), number) for each in actors for outcome, number in _outcomes(each)),
    )
    yield Measure(_RESTARTS, tuple(((name,), number) for name, number in found.restarts.items()))
    yield _one(_LAG, found.core_lag_ms / 1000)
    yield _one(_DEAD_LETTERS, found.dead_letters)
    yield _one(_ABANDONED, found.abandoned_threads)


def _outcomes(actor: ActorKind) -> tuple[tuple[str, int], ...]:
    return ("handled", actor.handled_messages - actor.failed_messages), ("failed", actor.failed_messages)
