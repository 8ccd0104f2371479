"""What TypedActor promises on every base: the same tests on our engine and on Thespian's multiprocTCPBase."""

import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest
from thespian.actors import ActorSystem
from thespian.system.transport.IPBase import IPActorAddress

from actors.receive import BodyFailed, NotUnderstood
from runtime.engine import AskTimeoutError, HandlerFailedError, ask, close_system, open_system, tell
from tests.engine import contract as c

TIMEOUT_SECONDS = 20.0
ALONE = "QUAERO_TEST_STOCK_BASE"
"""Set where the tests run on Thespian's base too: in a process of their own, because that base forks, and threads that
earlier tests left behind would have the child's locks."""

pytestmark = [
    pytest.mark.timeout(300),
    # Thespian starts its processes with fork.
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]


@pytest.fixture(params=["engine", "multiprocTCPBase"] if ALONE in os.environ else ["engine"])
def system(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[ActorSystem]:
    if request.param == "engine":
        opened = open_system(resources={"digits": "0123456789"})
        yield opened
        close_system(opened)
        return
    # That base would listen on all interfaces and unpickle what anybody sends.
    monkeypatch.setenv("THESPIAN_BASE_IPADDR", "127.0.0.1")
    monkeypatch.setattr(
        IPActorAddress, "bindArgs", property(lambda address: (("127.0.0.1", address.bindname[1]),))
    )
    port = free_port()
    capabilities = {
        "Admin Port": port,
        "Convention Address.IPv4": ("127.0.0.1", port),
        "quaero.resource.digits": "string:digits",
    }
    opened = ActorSystem(request.param, capabilities, logDefs=None, transientUnique=True)
    yield opened
    opened.shutdown()


def free_port() -> int:
    # Below the ephemeral ports: one of those might be taken by the very sockets that Thespian opens first.
    for offset in range(10_000):
        port = 20_000 + (os.getpid() * 31 + offset) % 10_000
        with socket.socket() as probe:
            if port in _used or probe.connect_ex(("127.0.0.1", port)) == 0:
                continue
        _used.add(port)
        return port
    raise AssertionError("no port is free")


_used: set[int] = set()


def make(system: ActorSystem, actor_class: Any) -> Any:
    return system.createActor(actor_class)


def test_an_ask_gets_its_own_answer(system: ActorSystem) -> None:
    worker = make(system, c.Worker)
    assert ask(system, worker, c.Ping(1), TIMEOUT_SECONDS) == c.Pong(1)
    tell(system, worker, c.Ping(2))
    assert ask(system, worker, c.Ping(3), TIMEOUT_SECONDS) == c.Pong(3)


def test_what_a_handler_raises_is_answered_and_the_actor_lives_on(system: ActorSystem) -> None:
    worker = make(system, c.Worker)
    with pytest.raises(HandlerFailedError, match="ValueError: no good"):
        ask(system, worker, c.Raise("no good"), TIMEOUT_SECONDS)
    assert ask(system, worker, c.Ping(1), TIMEOUT_SECONDS) == c.Pong(1)


def test_a_handler_runs_once_for_a_message_that_makes_it_raise(system: ActorSystem) -> None:
    worker = make(system, c.Worker)
    tell(system, worker, c.Raise("once"))
    tell(system, worker, c.Ping(-2))
    assert ask(system, worker, c.TellSequence(), TIMEOUT_SECONDS) == c.Sequence((-2,))


def test_a_message_without_a_handler_is_answered(system: ActorSystem) -> None:
    worker = make(system, c.Worker)
    answer = ask(system, worker, c.Unheard(), TIMEOUT_SECONDS)
    assert answer == NotUnderstood("Unheard", "Worker")


def test_messages_of_one_sender_arrive_in_order(system: ActorSystem) -> None:
    worker = make(system, c.Worker)
    for number in range(-100, 0):
        tell(system, worker, c.Ping(number))
    assert ask(system, worker, c.TellSequence(), TIMEOUT_SECONDS) == c.Sequence(tuple(range(-100, 0)))


@pytest.mark.parametrize(
    "message,reason", [(c.StopYourself(), "normal"), (c.Die(), "error")], ids=["itself", "system exit"]
)
def test_a_parent_hears_of_its_childs_end_and_why(
    system: ActorSystem, message: c.Message, reason: str
) -> None:
    supervisor = make(system, c.Supervisor)
    child = ask(system, supervisor, c.MakeChild(), TIMEOUT_SECONDS)
    assert ask(system, child.address, c.Ping(5), TIMEOUT_SECONDS) == c.Pong(5)
    tell(system, child.address, message)
    assert ask(system, supervisor, c.TellExits(), TIMEOUT_SECONDS) == c.Exits((reason,))


def test_a_stopped_child_was_killed(system: ActorSystem) -> None:
    supervisor = make(system, c.Supervisor)
    child = ask(system, supervisor, c.MakeChild(), TIMEOUT_SECONDS)
    tell(system, supervisor, c.StopChild(child.address))
    assert ask(system, supervisor, c.TellExits(), TIMEOUT_SECONDS) == c.Exits(("killed",))


def test_an_actor_asks_another_and_goes_on_with_the_answer(system: ActorSystem) -> None:
    supervisor = make(system, c.Supervisor)
    child = ask(system, supervisor, c.MakeChild(), TIMEOUT_SECONDS)
    question = c.AskChild(child.address, TIMEOUT_SECONDS, c.Ping(9))
    assert ask(system, supervisor, question, TIMEOUT_SECONDS) == c.Pong(9)


def test_an_actor_that_gets_no_answer_goes_on_without(system: ActorSystem) -> None:
    supervisor = make(system, c.Supervisor)
    child = ask(system, supervisor, c.MakeChild(), TIMEOUT_SECONDS)
    question = c.AskChild(child.address, 0.1, c.Ping(-1))
    assert ask(system, supervisor, question, TIMEOUT_SECONDS) == c.NoAnswer()


def test_a_host_thread_that_gets_no_answer_is_told(system: ActorSystem) -> None:
    worker = make(system, c.Worker)
    with pytest.raises(AskTimeoutError, match=r"did not reply to Ping within 0\.2 s"):
        ask(system, worker, c.Ping(-1), 0.2)


def test_timers_fire_in_order_unless_cancelled_or_replaced(system: ActorSystem) -> None:
    supervisor = make(system, c.Supervisor)
    assert ask(system, supervisor, c.StartTimers(), TIMEOUT_SECONDS) == c.Ticks(("after", "late", "end"))


@pytest.mark.parametrize("dispatcher", ["core", "store", "io", "loop"])
def test_what_a_body_returns_comes_as_a_message(system: ActorSystem, dispatcher: str) -> None:
    supervisor = make(system, c.Supervisor)
    request = c.RunBody(dispatcher, failing=False)
    assert ask(system, supervisor, request, TIMEOUT_SECONDS) == c.BodyDone(1)


@pytest.mark.parametrize("dispatcher", ["core", "store", "io", "loop"])
def test_a_body_that_breaks_out_is_reported(system: ActorSystem, dispatcher: str) -> None:
    supervisor = make(system, c.Supervisor)
    failure = ask(system, supervisor, c.RunBody(dispatcher, failing=True), TIMEOUT_SECONDS)
    assert isinstance(failure, BodyFailed)
    assert (failure.error_type, failure.message, failure.key) == ("SystemExit", "the body wants to go", 7)


def test_a_resource_is_found_by_its_name_and_a_missing_one_is_named(system: ActorSystem) -> None:
    worker = make(system, c.Worker)
    assert ask(system, worker, c.TellResource("digits"), TIMEOUT_SECONDS) == c.Resource("0123456789")
    with pytest.raises(HandlerFailedError, match="no resource 'letters'"):
        ask(system, worker, c.TellResource("letters"), TIMEOUT_SECONDS)


@pytest.mark.skipif(ALONE in os.environ, reason="this is the process that it starts")
@pytest.mark.timeout(300)
def test_all_of_this_holds_on_thespians_own_base() -> None:
    ended = subprocess.run(
        [sys.executable, "-m", "pytest", __file__, "-q", "-p", "no:cacheprovider", "-k", "multiprocTCPBase"],
        env={**os.environ, ALONE: "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 0, ended.stdout[-4000:]
    assert " passed" in ended.stdout
    assert " skipped" not in ended.stdout
