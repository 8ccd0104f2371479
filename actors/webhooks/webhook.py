"""What a webhook is, and which events it wants. Pure."""

from enum import StrEnum

import msgspec

DELIVERY = "webhook_delivery"
"""The worker type of deliveries."""
PREFIX = "webhook:"
"""What the ids of the definitions begin with whose runs are deliveries; the webhook's name follows."""
MOST_WAITING = 1000
"""Deliveries of one webhook that have not ended. Events behind them wait in the sequence, where they cost nothing."""


class Level(StrEnum):
    """What a webhook's events tell of."""

    ALL = "all"
    PARENTS = "parents"  # nothing of single jobs
    RUNS = "runs"  # of runs alone, and of what concerns none, as a schedule that was set

    @property
    def depth(self) -> int:
        """How far below the runs it goes."""
        return (Level.RUNS, Level.PARENTS, Level.ALL).index(self)


class EventWish(msgspec.Struct, frozen=True, omit_defaults=True):
    """Which events a webhook wants; an empty list is no condition."""

    types: tuple[str, ...] = ()
    definitions: tuple[str, ...] = ()  # ids: events of their runs
    runs: tuple[int, ...] = ()
    level: Level = Level.ALL

    def takes(self, event_type: str, run_id: int, definition_id: str, level: Level) -> bool:
        """Whether it wants events of that type and level, of a run of that definition ("" and 0 = of none)."""
        return not (
            is_of_deliveries(definition_id)
            or (self.types and event_type not in self.types)
            or (self.definitions and definition_id not in self.definitions)
            or (self.runs and run_id not in self.runs)
            or level.depth > self.level.depth
        )


class Webhook(msgspec.Struct, frozen=True, omit_defaults=True):
    """A webhook but for its secrets."""

    name: str
    url: str
    wish: EventWish = EventWish()
    timeout_seconds: float = 15.0  # of one request
    concurrency: int = 4  # requests at once
    allow_private_addresses: bool = False


class Delivery(msgspec.Struct, frozen=True):
    """The payload of a delivery: what is sent is in it, so that every attempt sends the same bytes."""

    webhook: str
    message_id: str  # the same for every attempt: receivers know by it what they have had
    event: msgspec.Raw  # a CloudEvent in JSON


def is_of_deliveries(definition_id: str) -> bool:
    """Whether runs of that definition are deliveries: their events go to no webhook, or one would feed itself."""
    return definition_id.startswith(PREFIX) or definition_id == DELIVERY
