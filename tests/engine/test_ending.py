"""How actors end."""

import threading
from typing import Any

import pytest
from thespian.actors import ActorExitRequest, ActorSystem

from actors.receive import Address, ExitReason, TypedActor
from runtime.engine import engine_statistics, tell
from runtime.engine.ending import EXIT_SLICE
from tests.engine.scripted import Do, HearsExit, IoScripted, LoopScripted, Note, Scripted, StoreScripted
from tests.engine.stage import WAIT_SECONDS, Stage


class CanNotStart(TypedActor):
    def __init__(self) -> None:
        super().__init__()
        raise RuntimeError("no way")


def living(system: ActorSystem) -> int:
    return len(engine_statistics(system).actors)


@pytest.mark.parametrize("child_class", [Scripted, StoreScripted, IoScripted, LoopScripted])
def test_a_parent_hears_of_the_end_after_all_that_the_child_had_sent(child_class: Any) -> None:
    with Stage() as stage:

        def report_and_stop(child: Scripted) -> None:
            for number in range(100):
                child.reply(Note(f"report {number}"))
            child.stop_self()

        def make(parent: Scripted) -> None:
            parent.spawn(child_class, Do("report and stop"))

        stage.script["report and stop"] = report_and_stop
        stage.do(stage.actor(), make)
        assert [stage.next() for _ in range(101)] == [*(f"report {n}" for n in range(100)), "exited normal"]


def test_a_child_that_can_not_start_has_exited_with_an_error(caplog: pytest.LogCaptureFixture) -> None:
    with Stage() as stage:
        stage.do(stage.actor(), lambda parent: parent.spawn(CanNotStart, Note("lost")))
        assert stage.next() == "exited error"
    assert any("CanNotStart could not be started" in each.getMessage() for each in caplog.records)


def test_an_actor_ends_after_its_children() -> None:
    with Stage() as stage:
        order: list[str] = []

        class Leaf(TypedActor):
            pass

        class Middle(Scripted):
            def receiveMsg_Note(self, message: Note, sender: Address) -> None:
                for _ in range(3):
                    self.spawn(Leaf)
                self.reply(message)

            def child_exited(self, address: Address, reason: ExitReason) -> None:
                order.append(f"leaf {reason}")

        class Root(Scripted):
            def child_exited(self, address: Address, reason: ExitReason) -> None:
                order.append(f"middle {reason}")
                self.saw("done")

        def make(root: Scripted) -> None:
            root.ask(root.spawn(Middle), Note("begin"), lambda _: root.saw("began"), WAIT_SECONDS)

        root = stage.actor(Root)
        stage.do(root, make)
        assert stage.next() == "began"
        stage.do(root, lambda actor: [actor.stop_child(each) for each in children_of(actor)])
        assert stage.next() == "done"
        assert order == ["leaf killed"] * 3 + ["middle killed"]
        assert living(stage.system) == 1


def children_of(actor: Any) -> list[Any]:
    return [each.address for each in actor._myRef.cell.children]


def test_an_actor_that_replaces_its_children_still_ends() -> None:
    with Stage() as stage:

        class Stubborn(Scripted):
            def child_exited(self, address: Address, reason: ExitReason) -> None:
                self.spawn(Scripted)

        actor = stage.actor(Stubborn)
        stage.do(actor, lambda parent: parent.spawn(Scripted))
        watcher = stage.actor()
        stage.do(watcher, lambda who: who.watch(actor))
        tell(stage.system, actor, ActorExitRequest())
        assert stage.next() == "exited killed"
        assert living(stage.system) == 1


def test_children_outlive_a_parent_that_does_not_exit_recursively() -> None:
    with Stage() as stage:
        parent = stage.actor()
        stage.do(parent, lambda actor: actor.spawn(Scripted, Note("child is there")))
        assert stage.next() == "child is there"
        stage.do(stage.actor(), lambda actor: actor.watch(parent))
        tell(stage.system, parent, ActorExitRequest(recursive=False))
        assert stage.next() == "exited killed"
        assert living(stage.system) == 2


def test_more_children_than_a_slice_are_told_to_exit_in_several_turns() -> None:
    with Stage() as stage:
        many = 2 * EXIT_SLICE + 10
        parent = stage.actor()
        stage.do(parent, lambda actor: [actor.spawn(Scripted) for _ in range(many)])
        stage.do(stage.actor(), lambda actor: actor.watch(parent))
        tell(stage.system, parent, ActorExitRequest())
        seen = [stage.next() for _ in range(many + 1)]
        assert seen == ["exited killed"] * (many + 1)
        assert living(stage.system) == 1


def test_system_exit_in_a_handler_kills_that_actor_alone() -> None:
    with Stage() as stage:

        def die(_actor: Scripted) -> None:
            raise SystemExit(3)

        stage.script["die"] = die
        parent = stage.actor()
        stage.do(parent, lambda actor: actor.spawn(Scripted, Do("die")))
        assert stage.next() == "exited error"
        tell(stage.system, parent, Note("still here"))
        assert stage.next() == "still here"


def test_watching_the_dead_reports_their_end_at_once() -> None:
    with Stage() as stage:
        gone = stage.actor()
        watcher = stage.actor()
        stage.do(watcher, lambda actor: actor.watch(gone))
        stage.do(gone, lambda actor: actor.stop_self())
        assert stage.next() == "exited normal"
        stage.do(watcher, lambda actor: actor.watch(gone))
        assert stage.next() == "exited normal"


def test_nothing_is_handled_after_stop_self() -> None:
    with Stage() as stage:
        gate = threading.Event()
        actor = stage.actor()
        stage.do(actor, lambda _: gate.wait(WAIT_SECONDS))
        stage.do(actor, lambda scripted: scripted.stop_self())
        tell(stage.system, actor, Note("too late"))
        stage.do(stage.actor(), lambda watcher: watcher.watch(actor))
        gate.set()
        assert stage.next() == "exited normal"
        assert stage.seen.empty()


def test_an_actor_can_clean_up_when_it_is_told_to_exit() -> None:
    with Stage() as stage:
        tell(stage.system, stage.actor(HearsExit), ActorExitRequest())
        assert stage.next() == "asked to exit"
        stage.actor(HearsExit)
    assert stage.next() == "asked to exit"


def test_the_timers_of_an_actor_end_with_it() -> None:
    with Stage() as stage:

        def start(actor: Scripted) -> None:
            actor.timers.start("never", 3600, Note("never"))
            actor.saw("started")

        actor = stage.actor()
        stage.do(actor, start)
        assert stage.next() == "started"
        assert engine_statistics(stage.system).timers == 1
        # One that watches from before is told after the timers were cancelled.
        stage.do(stage.actor(), lambda watcher: [watcher.watch(actor), watcher.saw("watches")])
        assert stage.next() == "watches"
        tell(stage.system, actor, ActorExitRequest())
        assert stage.next() == "exited killed"
        assert all(not each.active for _, _, each in stage.system._systemBase.engine.timers._heap)
