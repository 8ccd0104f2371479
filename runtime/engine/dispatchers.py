"""The dispatchers of an engine by name; threads are made when there is work for them."""

from typing import TYPE_CHECKING

from actors.pace import UNLIMITED
from runtime.engine.errors import UnknownDispatcherError
from runtime.engine.pool import Pool
from runtime.engine.receiver import Dispatcher, ReadyQueue
from runtime.engine.runner import NoChores, Runner
from runtime.engine.watchdog import Watchdog

if TYPE_CHECKING:
    from runtime.engine.engine import Engine
    from runtime.engine.loop import LoopDispatcher

NAMES = ("core", "store", "io", "cpu", "loop")


class Dispatchers:
    """The five, each with threads of its own.

    core: one thread for actors that never block. store: one thread. io: a pool. cpu: a pool whose threads wait for
    processes. loop: an asyncio loop.
    """

    stepped = False

    def __init__(self, engine: "Engine", ready: ReadyQueue | None = None) -> None:
        self._engine = engine
        config = engine.config
        watchdog = Watchdog(
            f"{engine.name}-watchdog",
            handoff_seconds=config.handoff_seconds,
            slow_seconds=config.slow_handler_seconds,
            spare_threads=config.spare_threads,
        )
        self.core = Runner(
            f"{engine.name}-core", engine, ready=ready, awake=watchdog.wake, precedence=engine.precedence
        )
        watchdog.runner = self.core
        self.watchdog: Watchdog | None = watchdog
        self.store = Runner(f"{engine.name}-store", NoChores())
        self._pool = Pool(f"{engine.name}-io", config.io_threads, engine.precedence)
        self.pool: Pool | None = self._pool
        self._processes = Pool(f"{engine.name}-cpu", config.cpu_threads, engine.precedence)
        self.cpu: Pool | None = self._processes
        self._watchdog = watchdog
        self._loop: LoopDispatcher | None = None

    def named(self, name: str, user: object) -> Dispatcher:
        """The dispatcher that ``user`` named.

        Raises:
            UnknownDispatcherError: there is none.
        """
        if name == "core":
            return self.core
        if name == "io":
            return self._pool
        if name == "cpu":
            return self._processes
        if name == "loop":
            return self.loop
        if name == "store":
            return self.store
        raise UnknownDispatcherError(f"{user} names the dispatcher {name!r}; there are: {', '.join(NAMES)}")

    @property
    def loop(self) -> "LoopDispatcher":
        """The asyncio loop: asyncio is imported with the first use."""
        with self._engine.lock:
            if self._loop is None:
                from runtime.engine.loop import LoopDispatcher

                self._loop = LoopDispatcher(f"{self._engine.name}-loop")
            return self._loop

    def room(self, dispatcher: str, sharing: int) -> int:
        """How many bodies of a step are worth having there; as ``actors.pace`` has it."""
        if dispatcher == "io":
            return self._pool.room(sharing)
        if dispatcher == "loop" and self._loop is not None:
            return self._loop.room(sharing)
        return UNLIMITED

    def step(self) -> bool:
        """Never: they have threads."""
        return False

    def next_due(self) -> float | None:
        """Unknown: they have threads."""
        return None

    def interrupt(self) -> None:
        """Cancel coroutines that wait: their actors are to end."""
        if self._loop is not None:
            self._loop.interrupt()

    def close(self) -> None:
        """Let all threads end."""
        for each in self._all():
            each.close()
        self._watchdog.close()

    def join(self, deadline: float) -> list[str]:
        """Wait for all threads until that monotonic time; the names of those that still run."""
        running = [name for each in self._all() for name in each.join(deadline)]
        return running + self._watchdog.join(deadline)

    def _all(self) -> list[Dispatcher]:
        pools = [self._pool, self._processes]
        return [self.core, self.store, *pools, *([self._loop] if self._loop is not None else [])]
