"""Opening and closing an engine."""

from collections.abc import Mapping
from types import MappingProxyType

from thespian.actors import ActorSystem

from actors.seams import Clock, ManualClock
from runtime.engine.config import EngineConfig
from runtime.engine.dispatchers import Dispatchers
from runtime.engine.engine import Engine
from runtime.engine.receiver import ReadyQueue
from runtime.engine.statistics import EngineStatistics, statistics_of
from runtime.engine.system import QuaeroSystemBase, engine_of, system_capabilities

_DEFAULTS = EngineConfig()
_NO_RESOURCES: Mapping[str, object] = MappingProxyType({})


def open_system(
    config: EngineConfig = _DEFAULTS,
    *,
    resources: Mapping[str, object] = _NO_RESOURCES,
    clock: Clock | None = None,
    ready: ReadyQueue | None = None,
    stepped: bool = False,
) -> ActorSystem:
    """A Thespian ActorSystem whose actors live in this process, on the dispatchers their classes name.

    Touches neither logging, signals nor anybody's event loop. Threads are made when there is work for them, and all
    end with ``close_system`` (or ``shutdown()``).

    Args:
        config: the engine's settings.
        resources: objects of this process that actors may ask for by name.
        clock: where timers take the time from; a ManualClock fires them only when it is advanced. A stepped engine
            has one of its own unless it is given one.
        ready: which ready actor goes next; by default the one that became ready first.
        stepped: no threads; ``engine_step`` runs one turn in the caller's.
    """
    if stepped:
        from runtime.engine.stepping import SteppedDispatchers

        clock = ManualClock() if clock is None else clock
        dispatchers: type[SteppedDispatchers | Dispatchers] = SteppedDispatchers
    else:
        dispatchers = Dispatchers
    engine = Engine(config, resources, clock, system_capabilities(), lambda each: dispatchers(each, ready))
    base = QuaeroSystemBase(engine)
    return ActorSystem(systemBase=base, capabilities=base.capabilities, transientUnique=True)


def engine_step(system: ActorSystem) -> bool:
    """Run one ready turn of a stepped engine; False if nothing is ready."""
    return engine_of(system).dispatchers.step()


def engine_next_due(system: ActorSystem) -> float | None:
    """The monotonic time for which a stepped engine has work that is not ready yet; None: it has none."""
    return engine_of(system).dispatchers.next_due()


def engine_statistics(system: ActorSystem) -> EngineStatistics:
    """What the engine and its living actors have done so far."""
    return statistics_of(engine_of(system))


def close_system(system: ActorSystem, timeout_seconds: float = 5.0) -> list[str]:
    """End every actor and every thread of the engine; whoever waits for a reply gets ActorDeadError.

    Returns:
        The names of threads that did not end in time, because a handler or a body blocks.
    """
    if system._systemBase is None:
        return []
    running = engine_of(system).close(timeout_seconds)
    system._systemBase = None
    return running


def kill_system(system: ActorSystem) -> None:
    """End a stepped engine as the death of its process would: no actor is told, nothing of it runs any more.

    Raises:
        TypeError: the engine has threads, which can not be killed.
    """
    from runtime.engine.stepping import stepped_dispatchers

    engine = engine_of(system)
    dispatchers = stepped_dispatchers(engine)
    engine.closing = engine.closed = True
    engine.release_clock()
    dispatchers.drop()
    engine.cells.clear()
    system._systemBase = None
