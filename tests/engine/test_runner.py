"""The queue of the core thread: whoever enqueues wakes it once, and nothing that is enqueued is left lying."""

import sys
from functools import partial
from threading import Event, Thread

import pytest

from runtime.engine.joining import real_now
from runtime.engine.runner import NoChores, Runner, Seat
from tests.engine.stage import WAIT_SECONDS

HANDS = 4
TIMES = 3000


class Counted:
    """Counts its turns; the last one tells."""

    def __init__(self, last: int) -> None:
        self.turns, self.last, self.done = 0, last, Event()

    def run_turn(self) -> None:
        self.turns += 1
        if self.turns == self.last:
            self.done.set()

    async def run_on_loop(self) -> None:
        raise NotImplementedError


def test_a_thread_that_sleeps_is_woken_by_the_first_of_those_who_come_before_it_looks() -> None:
    runner, seat, work = Runner("core", NoChores()), Seat(), Counted(0)
    runner.seat, seat.asleep = seat, True
    runner.enqueue(work)
    assert seat.gate.acquire(blocking=False)
    runner.enqueue(work)
    assert not seat.gate.acquire(blocking=False)
    seat.asleep = True
    runner.enqueue(work)
    assert seat.gate.acquire(blocking=False)
    assert [runner.ready.popleft() for _ in range(3)] == [work] * 3
    assert not runner.ready


def test_what_comes_while_the_thread_falls_asleep_is_run(request: pytest.FixtureRequest) -> None:
    """Each hand waits for its own work now and then, so that the thread sleeps thousands of times."""
    request.addfinalizer(partial(sys.setswitchinterval, sys.getswitchinterval()))
    sys.setswitchinterval(1e-6)
    runner = Runner("core", NoChores())

    def enqueue_and_wait() -> None:
        for _ in range(TIMES):
            burst = Counted(3)
            for _ in range(3):
                runner.enqueue(burst)
            assert burst.done.wait(WAIT_SECONDS)

    hands = [Thread(target=enqueue_and_wait) for _ in range(HANDS)]
    for hand in hands:
        hand.start()
    for hand in hands:
        hand.join(WAIT_SECONDS)
    runner.close()
    assert not runner.join(real_now() + WAIT_SECONDS)
    assert not runner.ready


def test_a_thread_that_lost_the_seat_is_waited_for_until_it_has_ended() -> None:
    """It was forgotten a moment before, and outlived its engine by that."""
    runner, leaving, gate = Runner("core", NoChores()), Event(), Event()
    work = runner._work

    def work_and_linger(seat: Seat) -> None:
        work(seat)
        leaving.set()
        gate.wait(WAIT_SECONDS)

    runner._work = work_and_linger  # type: ignore[method-assign]
    first = Counted(1)
    runner.enqueue(first)
    assert first.done.wait(WAIT_SECONDS)
    seat = runner.seat
    assert seat is not None
    assert runner.hand_over(seat)
    assert leaving.wait(WAIT_SECONDS)
    assert seat.thread in runner.threads
    gate.set()
    runner.close()
    assert not runner.join(real_now() + WAIT_SECONDS)
    assert not any(thread.is_alive() for thread in runner.threads)


def test_threads_that_have_ended_are_forgotten_with_the_next_hand_over() -> None:
    runner = Runner("core", NoChores())
    for _ in range(5):
        work = Counted(1)
        runner.enqueue(work)
        assert work.done.wait(WAIT_SECONDS)
        seat = runner.seat
        assert seat is not None
        assert runner.hand_over(seat)
        assert seat.thread is not None
        seat.thread.join(WAIT_SECONDS)
    assert len(runner.threads) == 2
    runner.close()
    assert not runner.join(real_now() + WAIT_SECONDS)
