"""What the engine costs, measured on this machine: a few seconds, no store, no files."""

import time
import tracemalloc
from statistics import median
from typing import Any

import msgspec

from actors.receive import Address, ExitReason, TypedActor
from runtime.engine.access import ask
from runtime.engine.config import EngineConfig
from runtime.engine.opening import close_system, open_system

HOPS = 200_000
SPAWNS = 20_000
LIVES = 100_000
IN_FLIGHT = 2_000
ASKS = 10_000
IDLE = 10_000
OPENINGS = 5


class EngineFigures(msgspec.Struct, frozen=True):
    """The engine's costs."""

    hop_us: float  # one actor-to-actor message, sent and handled
    spawn_us: float  # making a child and sending it its first message
    lives_per_100k_seconds: float  # 100 000 children: made, told, reported back, ended, heard of
    ask_us: float  # from a host thread, one after another
    idle_actor_bytes: int  # of an actor that nobody has sent anything yet
    open_ms: float
    close_100k_ms: float  # with 100 000 living actors


class Message(msgspec.Struct, frozen=True, tag=True, gc=False):
    """What all these messages are."""


class Begin(Message, frozen=True, tag=True):
    """Do that many of what the actor is for."""

    count: int


class Ended(Message, frozen=True, tag=True):
    """It is done, and took so long."""

    seconds: float = 0.0


class Go(Message, frozen=True, tag=True):
    """One hop, or a child's first message."""


class Done(Message, frozen=True, tag=True):
    """A child's report."""


class Echo(TypedActor):
    """Answers."""

    def receiveMsg_Go(self, message: Go, sender: Address) -> None:
        """Answer."""
        self.reply(message)


class Hopper(TypedActor):
    """Sends to and fro with an Echo."""

    _left: int
    _asker: Address

    def receiveMsg_Begin(self, message: Begin, sender: Address) -> None:
        """Serve."""
        self._left, self._asker = message.count, sender
        self.send(self.spawn(Echo), Go())

    def receiveMsg_Go(self, message: Go, sender: Address) -> None:
        """Return."""
        self._left -= 2
        if self._left > 0:
            self.send(sender, message)
        else:
            self.send(self._asker, Ended())


class Idle(TypedActor):
    """Does nothing."""

    def receiveMsg_Go(self, message: Go, sender: Address) -> None:
        """Nothing."""


class Crowd(TypedActor):
    """Has many children."""

    def receiveMsg_Begin(self, message: Begin, sender: Address) -> None:
        """Make them, with a first message each."""
        started, go = time.perf_counter(), Go()
        for _ in range(message.count):
            self.spawn(Idle, go)
        self.reply(Ended(time.perf_counter() - started))

    def receiveMsg_Done(self, message: Done, sender: Address) -> None:
        """Make some that are sent nothing."""
        for _ in range(IDLE):
            self.spawn(Idle)
        self.reply(Ended())


class Child(TypedActor):
    """Reports and ends."""

    def receiveMsg_Go(self, message: Go, sender: Address) -> None:
        """Its whole life."""
        self.reply(Done())
        self.stop_self()


class Parent(TypedActor):
    """Makes children until it has heard of the end of that many."""

    _left: int
    _to_make: int
    _asker: Address

    def receiveMsg_Begin(self, message: Begin, sender: Address) -> None:
        """Make the first ones."""
        self._left = self._to_make = message.count
        self._asker = sender
        for _ in range(min(IN_FLIGHT, message.count)):
            self._make()

    def _make(self) -> None:
        if self._to_make:
            self._to_make -= 1
            self.spawn(Child, Go())

    def receiveMsg_Done(self, message: Done, sender: Address) -> None:
        """A report."""

    def child_exited(self, address: Address, reason: ExitReason) -> None:
        """The next one."""
        self._left -= 1
        self._make()
        if not self._left:
            self.send(self._asker, Ended())


def measure_open(times: int) -> float:
    """Seconds to open an engine, the median: a collection of this process's garbage may fall into any one."""
    taken = []
    for _ in range(times):
        started = time.perf_counter()
        system = _open()
        taken.append(time.perf_counter() - started)
        close_system(system)
    return median(taken)


def measure_engine() -> EngineFigures:
    """Measure everything, in turn; takes some seconds."""
    return EngineFigures(
        hop_us=1e6 * _run(Hopper, HOPS) / HOPS,
        spawn_us=1e6 * measure_spawn(SPAWNS),
        lives_per_100k_seconds=_run(Parent, LIVES) * 100_000 / LIVES,
        ask_us=1e6 * measure_ask(ASKS),
        idle_actor_bytes=measure_idle_actor_bytes(),
        open_ms=1000 * measure_open(OPENINGS),
        close_100k_ms=1000 * measure_close(100_000),
    )


def measure_spawn(count: int) -> float:
    """Seconds to make one child and send it its first message."""
    system = _open()
    ended = ask(system, system.createActor(Crowd), Begin(count), 60)
    close_system(system)
    return float(ended.seconds) / count


def measure_ask(count: int) -> float:
    """Seconds of one ask from a host thread."""
    system = _open()
    echo, go = system.createActor(Echo), Go()
    ask(system, echo, go, 10)
    started = time.perf_counter()
    for _ in range(count):
        ask(system, echo, go, 10)
    seconds = time.perf_counter() - started
    close_system(system)
    return seconds / count


def measure_idle_actor_bytes() -> int:
    """Memory of one actor that nobody has sent anything."""
    system = _open()
    crowd = system.createActor(Crowd)
    ask(system, crowd, Begin(1), 10)
    tracemalloc.start()
    before = tracemalloc.get_traced_memory()[0]
    ask(system, crowd, Done(), 60)
    used = tracemalloc.get_traced_memory()[0] - before
    tracemalloc.stop()
    close_system(system)
    return used // IDLE


def measure_close(count: int) -> float:
    """Seconds to close an engine with that many actors."""
    system = _open()
    ask(system, system.createActor(Crowd), Begin(count), 60)
    started = time.perf_counter()
    close_system(system, 60)
    return time.perf_counter() - started


def _open() -> Any:
    return open_system(EngineConfig(encode_messages=False))


def _run(actor_class: type[TypedActor], count: int) -> float:
    system = _open()
    actor = system.createActor(actor_class)
    ask(system, actor, Begin(2), 10)
    started = time.perf_counter()
    ask(system, actor, Begin(count), 120)
    seconds = time.perf_counter() - started
    close_system(system)
    return seconds
