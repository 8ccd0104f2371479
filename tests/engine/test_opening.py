"""Opening and closing an engine: quick, complete, and without touching what belongs to the host."""

import asyncio
import signal
import subprocess
import sys
import threading
import time

import pytest
from thespian.actors import Actor, ActorSystem, NoCompatibleSystemForActor, requireCapability

from actors.receive import TypedActor
from runtime.engine import (
    EngineConfig,
    UnknownDispatcherError,
    ask,
    close_system,
    engine_statistics,
    open_system,
)
from tests.embedding.processes import until
from tests.engine import contract as c
from tests.engine.scripted import Scripted
from tests.engine.stage import WAIT_SECONDS, Stage
from tests.machine import slowness, soonest


def test_opening_starts_no_thread_and_computes_for_less_than_50_milliseconds() -> None:
    before = set(threading.enumerate())

    def seconds() -> float:
        started = time.thread_time()
        system = open_system()
        used = time.thread_time() - started
        assert set(threading.enumerate()) <= before
        close_system(system)
        return used / slowness()

    assert soonest(seconds, 0.05) < 0.05


def test_closing_a_hundred_thousand_actors_takes_less_than_a_second_of_computing() -> None:
    class Many(TypedActor):
        def receiveMsg_Ping(self, message: c.Ping, sender: object) -> None:
            for _ in range(message.number):
                self.spawn(c.Worker)
            self.reply(message)

    def seconds() -> float:
        system = open_system(EngineConfig(encode_messages=False))
        ask(system, system.createActor(Many), c.Ping(100_000), WAIT_SECONDS)
        started = time.process_time()
        assert close_system(system, WAIT_SECONDS) == []
        return (time.process_time() - started) / slowness()

    assert soonest(seconds, 1.0) < 1.0


def test_closing_ends_every_thread_of_every_dispatcher() -> None:
    before = set(threading.enumerate())
    with Stage() as stage:
        supervisor = stage.system.createActor(c.Supervisor)
        for dispatcher in ("core", "store", "io", "loop"):
            assert ask(
                stage.system, supervisor, c.RunBody(dispatcher, failing=False), WAIT_SECONDS
            ) == c.BodyDone(1)
        assert len(set(threading.enumerate()) - before) >= 4
        assert close_system(stage.system, WAIT_SECONDS) == []
        assert set(threading.enumerate()) <= before


def test_closing_names_the_threads_that_do_not_end() -> None:
    before, gate = set(threading.enumerate()), threading.Event()
    stage = Stage()

    def block(actor: Scripted) -> None:
        actor.saw(threading.current_thread())
        gate.wait(WAIT_SECONDS)

    stage.do(stage.actor(), block)
    blocked = stage.next()
    assert blocked.name in close_system(stage.system, 0.2)
    assert "-core-" in blocked.name
    # Others, if the machine has no time for them now, may be named as well: but they end.
    until(lambda: set(threading.enumerate()) - before == {blocked}, what="the end of the other threads")
    gate.set()
    until(lambda: set(threading.enumerate()) <= before, what="the end of the thread that blocked")


def test_an_actor_may_close_the_system_it_lives_in() -> None:
    before = set(threading.enumerate())
    stage = Stage()
    stage.do(stage.actor(), lambda actor: actor.actorSystemShutdown())
    engine = stage.system._systemBase.engine
    until(lambda: engine.closed and set(threading.enumerate()) <= before, what="the end of all threads")
    close_system(stage.system)


def test_closing_twice_is_closing_once() -> None:
    system = open_system()
    assert close_system(system) == []
    assert close_system(system) == []


def test_the_hosts_logging_signals_and_loop_are_left_alone() -> None:
    script = """
import asyncio, logging, signal, threading
handlers = list(logging.root.handlers), logging.root.level
signals = [signal.getsignal(each) for each in (signal.SIGINT, signal.SIGTERM, signal.SIGCHLD)]
from runtime.engine import EngineConfig, ask, close_system, open_system
from tests.engine import contract as c
system = open_system(EngineConfig(slow_handler_seconds=100))  # else a machine without time for it makes it warn
supervisor = system.createActor(c.Supervisor)
for dispatcher in ("core", "io", "loop"):
    ask(system, supervisor, c.RunBody(dispatcher, failing=False), 100)
close_system(system, 100)
assert (list(logging.root.handlers), logging.root.level) == handlers
assert [signal.getsignal(each) for each in (signal.SIGINT, signal.SIGTERM, signal.SIGCHLD)] == signals
assert asyncio.get_event_loop_policy()._local._loop is None
print("untouched")
"""
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, timeout=100, check=False
    )
    assert (done.stdout, done.stderr) == ("untouched\n", "")


def test_a_body_that_blocks_for_ever_does_not_keep_the_process_alive() -> None:
    script = """
import threading
from runtime.engine import close_system, open_system
from tests.engine.stage import Stage
stage = Stage()
started = threading.Event()
def body():
    started.set()
    threading.Event().wait()
stage.do(stage.actor(), lambda actor: actor.run_body("io", body))
started.wait(100)
print(len(close_system(stage.system, 100)))
"""
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, timeout=100, check=False
    )
    assert done.stdout == "1\n", done.stderr


def test_two_engines_of_one_process_share_nothing() -> None:
    with Stage() as one, Stage() as two:
        first, second = one.actor(), two.actor()
        assert first != second
        assert str(first) != str(second)
        stage_one = {each.address for each in engine_statistics(one.system).actors}
        stage_two = {each.address for each in engine_statistics(two.system).actors}
        assert not stage_one & stage_two


def test_an_actor_fetches_resources_and_a_missing_one_is_named() -> None:
    with Stage() as stage:

        def fetch(actor: Scripted) -> None:
            with pytest.raises(KeyError, match=r"there is no resource 'fetcher'; there are: .*script, seen"):
                actor.resource("fetcher")
            actor.saw("named")

        stage.do(stage.actor(), fetch)
        assert stage.next() == "named"


def test_a_class_that_names_no_dispatcher_of_ours_is_refused(system: ActorSystem) -> None:
    class Lost(TypedActor):
        dispatcher = "gpu"

    with pytest.raises(
        Exception, match="names the dispatcher 'gpu'; there are: core, store, io, cpu, loop"
    ) as refused:
        system.createActor(Lost)
    assert isinstance(refused.value.__cause__, UnknownDispatcherError)


def test_settings_that_make_no_sense_are_refused_with_the_value() -> None:
    with pytest.raises(ValueError, match="io_threads must be 1 or more, got 0"):
        EngineConfig(io_threads=0)
    with pytest.raises(ValueError, match="handoff_seconds must be more than 0 seconds, got -1"):
        EngineConfig(handoff_seconds=-1)


def test_an_actor_exits_when_the_system_no_longer_offers_what_it_needs(system: ActorSystem) -> None:
    @requireCapability("paint")
    class Painter(Actor):
        def receiveMessage(self, message: object, sender: object) -> None:
            self.send(sender, message)

    with pytest.raises(NoCompatibleSystemForActor):
        system.createActor(Painter)
    system.updateCapability("paint", "blue")
    painter = system.createActor(Painter)
    assert system.ask(painter, "hello", WAIT_SECONDS) == "hello"
    system.updateCapability("paint")
    until(lambda: not engine_statistics(system).actors, what="its exit")


def test_statistics_tell_what_each_actor_did(system: ActorSystem) -> None:
    worker = system.createActor(c.Worker)
    for number in range(20):
        ask(system, worker, c.Ping(number), WAIT_SECONDS)
    (figures,) = engine_statistics(system).actors
    assert (figures.actor_type, figures.dispatcher, figures.handled_messages) == ("Worker", "core", 20)
    assert (figures.waiting_messages, figures.failed_messages, figures.children) == (0, 0, 0)
    assert 0 < figures.handling_seconds < WAIT_SECONDS
    assert 0 < figures.mailbox_seconds < WAIT_SECONDS
    assert 0 < engine_statistics(system).worst_core_lag_seconds < WAIT_SECONDS


def test_an_idle_engine_uses_next_to_no_time() -> None:
    system = open_system()
    worker = system.createActor(c.Worker)
    ask(system, worker, c.Ping(1), WAIT_SECONDS)
    # Its watchdog first has to fall asleep.
    assert any(used_in_half_a_second() < 0.005 * slowness() for _ in range(20))
    close_system(system)


def used_in_half_a_second() -> float:
    """Seconds that this process computes meanwhile."""
    used = time.process_time()
    threading.Event().wait(0.5)
    return time.process_time() - used


def test_the_loop_of_the_host_runs_beside_ours() -> None:
    async def host() -> object:
        with Stage() as stage:
            supervisor = stage.system.createActor(c.Supervisor)
            return await asyncio.to_thread(
                ask, stage.system, supervisor, c.RunBody("loop", failing=False), WAIT_SECONDS
            )

    before = signal.getsignal(signal.SIGINT)
    assert asyncio.run(host()) == c.BodyDone(1)
    assert signal.getsignal(signal.SIGINT) is before


def test_an_actor_system_of_another_base_has_no_engine() -> None:
    foreign = ActorSystem("simpleSystemBase", logDefs=False, transientUnique=True)
    with pytest.raises(TypeError, match="is not an open system of this engine"):
        engine_statistics(foreign)
    foreign.shutdown()
