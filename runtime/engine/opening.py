"""Opening and closing an engine."""

from collections.abc import Mapping

from thespian.actors import ActorSystem

from actors.seams import Clock
from runtime.engine.config import EngineConfig
from runtime.engine.engine import Engine
from runtime.engine.system import QuaeroSystemBase, engine_of, system_capabilities

_DEFAULTS = EngineConfig()


def open_system(
    config: EngineConfig = _DEFAULTS,
    *,
    resources: Mapping[str, object] | None = None,
    clock: Clock | None = None,
) -> ActorSystem:
    """A Thespian ActorSystem whose actors live in this process, on the dispatchers their classes name.

    Touches neither logging, signals nor anybody's event loop. Threads are made when there is work for them, and all
    end with ``close_system`` (or ``shutdown()``).

    Args:
        config: the engine's settings.
        resources: objects of this process that actors may ask for by name.
        clock: where timers take the time from; a ManualClock fires them only when it is advanced.
    """
    base = QuaeroSystemBase(Engine(config, resources or {}, clock, system_capabilities()))
    return ActorSystem(systemBase=base, capabilities=base.capabilities, transientUnique=True)


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
