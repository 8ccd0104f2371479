"""The engine: Thespian actors in one process, many on few threads, with bounded latency for those that do not block.

- ``open_system``, ``close_system``           a Thespian ActorSystem on this engine, and its end
- ``ask``, ``ask_async``, ``tell``            for host threads and coroutines
- ``EngineConfig``, ``engine_statistics``     its settings, and what it has done
- ``engine_step``, ``engine_next_due``        an engine without threads, run by hand on a virtual clock
- ``kill_system``                             its end as a killed process ends

How it is made: an *address* leads to a *cell* (mailbox, turns, children, end). A ready cell waits in the queue of its
*dispatcher*: ``core`` and ``store`` are *runners* (one thread at a time), ``io`` is a *pool*, ``loop`` an asyncio
loop. What an actor sees of all this is its *reference* (``_myRef``); what Thespian sees is ``system``.
"""

from runtime.engine.access import ask, ask_async, tell
from runtime.engine.config import EngineConfig
from runtime.engine.errors import (
    ActorDeadError,
    AskTimeoutError,
    EngineError,
    HandlerFailedError,
    MailboxFullError,
    UnknownDispatcherError,
)
from runtime.engine.opening import (
    close_system,
    engine_next_due,
    engine_statistics,
    engine_step,
    kill_system,
    open_system,
)
from runtime.engine.receiver import ReadyQueue
from runtime.engine.statistics import ActorStatistics, EngineStatistics

__all__ = [
    "ActorDeadError",
    "ActorStatistics",
    "AskTimeoutError",
    "EngineConfig",
    "EngineError",
    "EngineStatistics",
    "HandlerFailedError",
    "MailboxFullError",
    "ReadyQueue",
    "UnknownDispatcherError",
    "ask",
    "ask_async",
    "close_system",
    "engine_next_due",
    "engine_statistics",
    "engine_step",
    "kill_system",
    "open_system",
    "tell",
]
