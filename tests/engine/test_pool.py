"""The threads of the io dispatcher: one for brief bodies, and as many as it takes once bodies block."""

import threading
from collections.abc import Callable, Iterator

import pytest

from actors.pace import FEWEST_BODIES, UNLIMITED
from runtime.engine.joining import real_now
from runtime.engine.pool import (
    QUICK_BODIES,
    QUICK_SECONDS,
    QUICK_SERIES,
    SERIES,
    SERIES_SECONDS,
    Pool,
)
from tests.embedding.processes import until

WAIT_SECONDS = 100.0


class Body:
    """What a pool runs; done with ``work`` it says so."""

    def __init__(self, work: Callable[[], object] = lambda: None) -> None:
        self.work = work
        self.thread = ""
        self.done = threading.Event()

    def run_turn(self) -> None:
        """Run in this thread."""
        self.thread = threading.current_thread().name
        self.work()
        self.done.set()

    async def run_on_loop(self) -> None:
        """Never."""
        raise AssertionError


@pytest.fixture
def pool() -> Iterator[Pool]:
    """With eight threads at most."""
    pool = Pool("test", 8)
    yield pool
    pool.close()
    assert pool.join(real_now() + WAIT_SECONDS) == []


def run(pool: Pool, bodies: list[Body]) -> list[Body]:
    """Put all of them into the pool; done when they are."""
    for body in bodies:
        pool.enqueue(body)
    for body in bodies:
        assert body.done.wait(WAIT_SECONDS)
    return bodies


def in_a_row(pool: Pool, number: int) -> list[Body]:
    """So many brief bodies that wait when the first one begins."""
    gate = threading.Event()
    bodies = [Body(lambda: gate.wait(WAIT_SECONDS)), *[Body() for _ in range(number)]]
    for body in bodies:
        pool.jobs.append(body)
    gate.set()
    return run(pool, bodies)


def of_brief_bodies(pool: Pool) -> Pool:
    """The pool, once it knows that bodies are brief."""
    for _ in range(1000):
        in_a_row(pool, 10 * SERIES)
        if pool.brief:
            return pool
    raise AssertionError("the pool never saw that bodies are brief")


def test_brief_bodies_are_left_to_one_thread(pool: Pool) -> None:
    working: list[int] = []
    for _ in range(100):  # a machine that stands still makes a body look like one that blocks
        of_brief_bodies(pool)
        working.clear()
        run(pool, [Body(lambda: working.append(pool.working)) for _ in range(10 * SERIES)])
        if set(working) == {1}:
            return
    raise AssertionError(f"{max(working)} threads shared bodies that take no time")


def test_a_body_that_blocks_among_brief_ones_does_not_keep_the_others_waiting(pool: Pool) -> None:
    of_brief_bodies(pool)
    gate = threading.Event()
    blocking = Body(lambda: gate.wait(WAIT_SECONDS))
    pool.enqueue(blocking)
    run(pool, [Body() for _ in range(5)])
    assert not blocking.done.is_set()
    gate.set()
    assert blocking.done.wait(WAIT_SECONDS)


def test_bodies_that_wait_for_each_other_meet_although_brief_ones_came_before(pool: Pool) -> None:
    of_brief_bodies(pool)
    barrier = threading.Barrier(8)
    run(pool, [Body(lambda: barrier.wait(WAIT_SECONDS)) for _ in range(8)])


def test_a_body_that_comes_after_all_others_block_is_run(pool: Pool) -> None:
    of_brief_bodies(pool)
    gate = threading.Event()
    blocking = [Body(lambda: gate.wait(WAIT_SECONDS)) for _ in range(7)]
    for body in blocking:
        pool.enqueue(body)
        run(pool, [Body()])
    assert not any(body.done.is_set() for body in blocking)
    gate.set()
    run(pool, [])


def test_many_threads_that_enqueue_at_once_lose_nothing(pool: Pool) -> None:
    of_brief_bodies(pool)
    bodies = [[Body() for _ in range(200)] for _ in range(4)]
    hands = [threading.Thread(target=run, args=(pool, some)) for some in bodies]
    for hand in hands:
        hand.start()
    for hand in hands:
        hand.join(WAIT_SECONDS)
    assert all(body.done.is_set() for some in bodies for body in some)


def test_a_thread_whose_actor_is_run_by_another_before_it_notes_the_end_of_its_turn_stays(pool: Pool) -> None:
    """It took the actor for a body that was given up, and left: one thread less each time, and closing took 5 s."""
    again = threading.Event()

    def work() -> None:
        if again.is_set():
            return
        again.set()
        pool.enqueue(actor)
        until(lambda: pool._finished == 1, what="the second turn")

    actor = Body(work)
    run(pool, [actor])
    until(lambda: pool._finished == 2, what="the first thread's return")
    assert (pool.size, pool.abandoned) == (2, 0)
    assert sum(thread.is_alive() for thread in pool.threads) == 2


def test_while_bodies_are_quick_few_of_each_step_are_worth_having_here(pool: Pool) -> None:
    assert pool.room(1) == UNLIMITED
    pool.judge(QUICK_SECONDS / 2)
    assert [pool.room(sharing) for sharing in (1, 2, 3, 8, 9, 1000)] == [
        QUICK_BODIES,
        QUICK_BODIES // 2,
        QUICK_BODIES // 3,
        FEWEST_BODIES,
        FEWEST_BODIES,
        FEWEST_BODIES,
    ]


def test_one_quick_series_tells_for_some_that_had_to_wait_for_the_interpreter(pool: Pool) -> None:
    pool.judge(QUICK_SECONDS / 2)
    for _ in range(QUICK_SERIES - 1):
        pool.judge(QUICK_SECONDS)
        assert pool.room(1) == QUICK_BODIES
    pool.judge(QUICK_SECONDS)  # by now they are taken to block, if only briefly
    assert pool.brief
    assert pool.room(1) == UNLIMITED
    pool.judge(QUICK_SECONDS)
    pool.judge(QUICK_SECONDS / 2)
    assert pool.room(1) == QUICK_BODIES
    pool.judge(SERIES_SECONDS)
    assert pool.room(1) == UNLIMITED
    assert not pool.brief


def test_where_a_second_thread_is_at_work_all_bodies_are_welcome(pool: Pool) -> None:
    gate = threading.Event()
    inside = threading.Semaphore(0)

    def block() -> None:
        inside.release()
        gate.wait(WAIT_SECONDS)

    bodies = [Body(block), Body(block)]
    for number, body in enumerate(bodies):
        pool.enqueue(body)
        assert inside.acquire(timeout=WAIT_SECONDS)
        pool.judge(QUICK_SECONDS / 2)
        assert pool.room(1) == (UNLIMITED if number else QUICK_BODIES)
    gate.set()
    for body in bodies:
        assert body.done.wait(WAIT_SECONDS)
