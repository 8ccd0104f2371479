"""What the engine and its actors have done so far. Times are measured on every eighth message of an actor."""

from typing import TYPE_CHECKING

import msgspec

if TYPE_CHECKING:
    from runtime.engine.cell import ActorCell
    from runtime.engine.engine import Engine


class ActorStatistics(msgspec.Struct, frozen=True):
    """One living actor."""

    address: str
    actor_type: str
    dispatcher: str
    waiting_messages: int
    handled_messages: int
    failed_messages: int
    mailbox_seconds: float  # mean time a message waits
    handling_seconds: float  # mean time a handler takes
    children: int


class EngineStatistics(msgspec.Struct, frozen=True):
    """One engine."""

    actors: tuple[ActorStatistics, ...]
    timers: int
    dead_letters: int
    core_lag_seconds: float  # how long the last measured turn waited for the core thread
    worst_core_lag_seconds: float
    hand_overs: int  # how often the core queue was taken from a handler that blocked
    slow_handlers: int
    blocked_handlers: int  # at this moment
    io_threads: int
    abandoned_threads: int  # io threads that still run bodies that were given up


def statistics_of(engine: "Engine") -> EngineStatistics:
    """Read everything; from any thread."""
    dispatchers = engine.dispatchers
    watchdog, pool = dispatchers.watchdog, dispatchers.pool
    return EngineStatistics(
        actors=tuple(_actor(cell) for cell in list(engine.cells)),
        timers=len(engine.timers),
        dead_letters=engine.dead_letters.count,
        core_lag_seconds=engine.core_lag_seconds,
        worst_core_lag_seconds=engine.worst_core_lag_seconds,
        hand_overs=watchdog.hand_overs if watchdog is not None else 0,
        slow_handlers=watchdog.slow_handlers if watchdog is not None else 0,
        blocked_handlers=watchdog.spare_threads_in_use if watchdog is not None else 0,
        io_threads=pool.size if pool is not None else 0,
        abandoned_threads=pool.abandoned if pool is not None else 0,
    )


def _actor(cell: "ActorCell") -> ActorStatistics:
    return ActorStatistics(
        address=cell.address.addressDetails,
        actor_type=cell.plan.name,
        dispatcher=cell.plan.dispatcher_name,
        waiting_messages=len(cell.mailbox or ()),
        handled_messages=cell.handled,
        failed_messages=cell.failed,
        mailbox_seconds=cell.waited_seconds / max(cell.sampled_turns, 1),
        handling_seconds=cell.busy_seconds / max(cell.sampled_messages, 1),
        children=len(cell.children or ()),
    )
