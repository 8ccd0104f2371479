"""How the runtime's own actors are doing, summed up by their kind. Pure, but for reading the engine's statistics."""

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

import msgspec

from runtime.engine.opening import engine_statistics
from runtime.engine.statistics import ActorStatistics

if TYPE_CHECKING:
    from runtime.assembly import Assembly


class ActorKind(msgspec.Struct, frozen=True):
    """All living actors of one class."""

    actor: str
    dispatcher: str
    living: int
    waiting_messages: int  # in all their mailboxes
    handled_messages: int
    failed_messages: int
    mailbox_ms: float  # mean time a message waits
    handling_ms: float  # mean time a handler takes


class Workings(msgspec.Struct, frozen=True):
    """The engine at this moment."""

    actors: list[ActorKind]
    restarts: dict[str, int]  # by name, since the start
    timers: int
    dead_letters: int
    core_lag_ms: float
    worst_core_lag_ms: float
    io_threads: int
    abandoned_threads: int
    blocked_handlers: int


def workings(assembly: "Assembly") -> Workings:
    """Read the engine; from any thread.

    Raises:
        RuntimeStateError: it is not running.
    """
    found = engine_statistics(assembly.system)
    return Workings(
        actors=kinds(found.actors),
        restarts=dict(_counted(assembly.restarts)),
        timers=found.timers,
        dead_letters=found.dead_letters,
        core_lag_ms=_ms(found.core_lag_seconds),
        worst_core_lag_ms=_ms(found.worst_core_lag_seconds),
        io_threads=found.io_threads,
        abandoned_threads=found.abandoned_threads,
        blocked_handlers=found.blocked_handlers,
    )


def kinds(actors: Iterable[ActorStatistics]) -> list[ActorKind]:
    """The actors by class, the most messages first. Pure."""
    by_name: dict[tuple[str, str], list[ActorStatistics]] = {}
    for each in actors:
        by_name.setdefault((each.actor_type, each.dispatcher), []).append(each)
    found = [_kind(name, dispatcher, members) for (name, dispatcher), members in by_name.items()]
    return sorted(found, key=lambda each: (-each.handled_messages, each.actor))


def _kind(name: str, dispatcher: str, members: list[ActorStatistics]) -> ActorKind:
    handled = sum(each.handled_messages for each in members)
    return ActorKind(
        actor=name,
        dispatcher=dispatcher,
        living=len(members),
        waiting_messages=sum(each.waiting_messages for each in members),
        handled_messages=handled,
        failed_messages=sum(each.failed_messages for each in members),
        mailbox_ms=_ms(
            sum(each.mailbox_seconds * each.handled_messages for each in members) / max(handled, 1)
        ),
        handling_ms=_ms(
            sum(each.handling_seconds * each.handled_messages for each in members) / max(handled, 1)
        ),
    )


def _counted(restarts: Mapping[str, int]) -> Mapping[str, int]:
    return dict(sorted(restarts.items()))


def _ms(seconds: float) -> float:
    return round(1000 * seconds, 3)
