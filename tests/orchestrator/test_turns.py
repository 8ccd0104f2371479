"""While bodies never block, few workers take a step's children in turns; the orchestrator keeps the others."""

from collections.abc import Iterable
from typing import Any

import msgspec

from actors.job import Attempt, Closing, Completed, JobState, LeasedJob
from actors.messages import (
    AttemptEnded,
    ExtendLeases,
    JobsToStop,
    Leased,
    Monitoring,
    RunChildren,
    RunJob,
    Settle,
    StopJob,
    StopMonitoring,
)
from actors.orchestrator.step import LOOK_SECONDS, TOGETHER, Extend, SendSettlements, StartWaiting
from actors.pace import UNLIMITED
from tests.orchestrator.noted import (
    JOB,
    OTHER,
    RUN,
    STEP,
    WIRING,
    FewAtOnce,
    NotedProcessor,
    NotedStep,
    picture,
    started,
)


def jobs(*numbers: int, of: str = "work") -> tuple[LeasedJob, ...]:
    return tuple(msgspec.structs.replace(JOB, id=number, token=number, type=of) for number in numbers)


def step_with(room: int, *given: LeasedJob) -> Any:
    """A step's orchestrator that got these jobs while there was room for so many bodies."""
    step = started(NotedStep, STEP)
    step.resources["pace"] = FewAtOnce(room)
    step.receiveMsg_ParentPicture(picture(STEP, JobState.RUNNING), "store")
    step.receiveMsg_RunChildren(RunChildren(given), "processor")
    return step


def begun(step: Any) -> list[int]:
    """The ids of the jobs that were given to workers, in their order."""
    return [message.job.id for _, message in step.sent(RunJob)]


def end(step: Any, *numbers: int) -> None:
    """The workers of these jobs report."""
    for number in numbers:
        worker, job = next((each, job) for each, job in step._workers.items() if job.id == number)
        step.receiveMsg_AttemptEnded(AttemptEnded(Attempt(job.lease, STEP, Completed())), worker)


def workers(step: Any) -> set[Any]:
    return {address for address, _ in step.sent(RunJob)}


def test_few_workers_take_all_children_in_their_order() -> None:
    step = step_with(2, *jobs(1, 2, 3, 4, 5))
    assert begun(step) == [1, 2]
    assert step.running_here() == 5
    end(step, 2, 1, 3)
    assert begun(step) == [1, 2, 3, 4, 5]
    end(step, 5, 4)
    assert len(workers(step)) == 2
    assert step.running_here() == 0


def test_with_room_for_all_each_child_has_a_worker_at_once() -> None:
    step = step_with(UNLIMITED, *jobs(*range(100)))
    assert len(workers(step)) == 100
    assert "waiting" not in step._timers.started


def test_children_that_came_later_wait_behind_the_others_and_find_the_same_workers() -> None:
    step = step_with(1, *jobs(1, 2))
    step.receiveMsg_RunChildren(RunChildren(jobs(3)), "processor")
    end(step, 1, 2, 3)
    step.receiveMsg_RunChildren(RunChildren(jobs(4)), "processor")
    assert begun(step) == [1, 2, 3, 4]
    assert len(workers(step)) == 1


def test_types_whose_bodies_share_no_threads_wait_for_nobody_and_keep_nobody_waiting() -> None:
    step = step_with(1, *jobs(1, 2), *jobs(3, 4, 5, of="slow"))
    assert begun(step) == [1, 3, 4, 5]
    end(step, 1)
    assert begun(step)[-1] == 2
    end(step, 3, 4, 5, 2)
    step.receiveMsg_RunChildren(RunChildren(jobs(6, 7)), "processor")
    assert begun(step)[-1] == 6  # who has ended is not counted


def test_one_type_goes_on_in_the_place_of_another_that_takes_turns_too() -> None:
    step = step_with(1)
    step.resources["workers"] = {**step.resources["workers"], "more": step.resources["workers"]["work"]}
    step.receiveMsg_RunChildren(RunChildren((*jobs(1), *jobs(2, of="more"), *jobs(3))), "processor")
    end(step, 1)
    assert begun(step) == [1, 2]
    end(step, 2)
    assert begun(step) == [1, 2, 3]
    assert len(workers(step)) == 2


def test_a_worker_that_dies_makes_room_for_the_next_child() -> None:
    step = step_with(1, *jobs(1, 2))
    (worker,) = step._workers
    step.child_exited(worker, "error")
    assert begun(step) == [1, 2]
    end(step, 2)
    assert step.running_here() == 0


def test_all_are_started_once_bodies_take_long_though_none_has_ended() -> None:
    step = step_with(1, *jobs(1, 2, 3))
    assert step._timers.started["waiting"] == (LOOK_SECONDS, StartWaiting())
    del step._timers.started["waiting"]
    step.receiveMsg_StartWaiting(StartWaiting(), "itself")
    assert begun(step) == [1]
    assert "waiting" in step._timers.started  # it looks again
    step.resources["pace"].now = UNLIMITED
    del step._timers.started["waiting"]
    step.receiveMsg_StartWaiting(StartWaiting(), "itself")
    assert begun(step) == [1, 2, 3]
    assert "waiting" not in step._timers.started


def test_a_step_that_is_cancelled_tells_those_that_wait_too() -> None:
    step = step_with(1, *jobs(1, 2, 3))
    step.receiveMsg_ParentPicture(picture(STEP, JobState.RUNNING, Closing.CANCEL), "store")
    assert begun(step) == [1, 2, 3]
    assert {address for address, _ in step.sent(StopJob)} == workers(step)
    assert len(step.sent(StopJob)) == 3


def test_a_runtime_that_stops_interrupts_those_that_wait_too() -> None:
    step = step_with(1, *jobs(1, 2))
    step.receiveMsg_StopMonitoring(StopMonitoring("stop"), "run")
    assert [message.interrupted for _, message in step.sent(StopJob)] == [True, True]
    step.receiveMsg_RunChildren(RunChildren(jobs(3, 4)), "processor")  # it was on its way
    assert begun(step) == [1, 2, 3, 4]
    assert len(step.sent(StopJob)) == 4


def test_a_child_that_is_cancelled_while_it_waits_is_started_to_be_told() -> None:
    step = step_with(1, *jobs(1, 2, 3))
    step.receiveMsg_JobsToStop(JobsToStop((3,)), "processor")
    assert begun(step) == [1, 3]
    ((told, _),) = step.sent(StopJob)
    assert step._workers[told].id == 3
    end(step, 3)
    assert begun(step) == [1, 3, 2]  # the worker is there, so it goes on
    end(step, 1, 2)
    step.receiveMsg_RunChildren(RunChildren(jobs(4, 5)), "processor")
    assert begun(step)[3:] == [4]


def test_leases_of_those_that_wait_are_kept() -> None:
    step = step_with(1, *jobs(1, 2, 3))
    step.receiveMsg_Extend(Extend(), "step")
    assert step.sent(ExtendLeases) == [("store", ExtendLeases((1, 2, 3)))]


def test_children_that_came_before_the_step_was_known_wait_as_the_others() -> None:
    step = started(NotedStep, STEP)
    step.resources["pace"] = FewAtOnce(1)
    step.receiveMsg_RunChildren(RunChildren(jobs(1, 2)), "processor")
    step.receiveMsg_StartWaiting(StartWaiting(), "itself")
    assert begun(step) == []
    step.receiveMsg_ParentPicture(picture(STEP, JobState.RUNNING), "store")
    assert begun(step) == [1]


def sent(step: Any) -> list[list[int]]:
    """The jobs of the settlements, after each turn of the orchestrator's mailbox."""
    step.receiveMsg_SendSettlements(SendSettlements(), "itself")
    return [[each.lease.job_id for each in message.attempts] for _, message in step.sent(Settle)]


def test_while_children_wait_settlements_are_sent_some_together() -> None:
    step = step_with(1, *jobs(*range(2 * TOGETHER)))
    end(step, *range(TOGETHER - 1))
    assert step.sent(SendSettlements) == []
    end(step, TOGETHER - 1)
    assert step.sent(SendSettlements) == [("itself", SendSettlements())]
    end(step, TOGETHER)
    assert len(step.sent(SendSettlements)) == 1  # it goes along
    assert sent(step) == [list(range(TOGETHER + 1))]
    end(step, *range(TOGETHER + 1, 2 * TOGETHER))
    assert len(step.sent(SendSettlements)) == 2
    assert sent(step)[1:] == [list(range(TOGETHER + 1, 2 * TOGETHER))]


def test_what_has_ended_is_settled_once_no_child_waits_though_others_run() -> None:
    step = step_with(2, *jobs(1, 2, 3))
    end(step, 1)
    assert step.running_here() == 2
    assert step.sent(SendSettlements) == [("itself", SendSettlements())]
    assert sent(step) == [[1]]

    step = step_with(1, *jobs(1, 2, 3))
    end(step, 1)
    assert step.sent(SendSettlements) == []
    step.receiveMsg_JobsToStop(JobsToStop((3,)), "processor")
    assert sent(step) == [[1]]

    step = step_with(1, *jobs(1, 2, 3))
    end(step, 1)
    step.receiveMsg_ParentPicture(picture(STEP, JobState.RUNNING, Closing.CANCEL), "store")
    assert len(step.sent(SendSettlements)) == 1


def test_what_a_dead_worker_left_is_settled_as_any_other() -> None:
    step = step_with(1, *jobs(1, 2))
    (worker,) = step._workers
    step.child_exited(worker, "error")
    assert sent(step) == [[1]]


def test_what_has_ended_waits_no_longer_than_a_look() -> None:
    step = step_with(1, *jobs(1, 2, 3))
    step.receiveMsg_StartWaiting(StartWaiting(), "itself")
    assert step.sent(SendSettlements) == []
    end(step, 1)
    step.receiveMsg_StartWaiting(StartWaiting(), "itself")
    assert len(step.sent(SendSettlements)) == 1
    assert step.running_here() == 2


def test_without_waiting_children_each_turn_sends_what_has_ended() -> None:
    step = step_with(UNLIMITED, *jobs(1, 2, 3))
    end(step, 2, 1)
    assert step.sent(SendSettlements) == [("itself", SendSettlements())]
    assert sent(step) == [[2, 1]]
    end(step, 3)
    assert sent(step) == [[2, 1], [3]]


def leased(processor: Any, steps: Iterable[int]) -> list[int]:
    """How many share the threads, as the orchestrators of these steps are told when they get work together."""
    processor.noted.clear()
    together = tuple(msgspec.structs.replace(JOB, step_id=step) for step in steps)
    processor.receiveMsg_Leased(Leased(together), "store")
    return [message.sharing for _, message in processor.sent(RunChildren)]


def test_orchestrators_are_told_how_many_steps_got_work_together() -> None:
    processor = NotedProcessor()
    processor._wiring = WIRING
    for step in (STEP, OTHER):
        processor.receiveMsg_Monitoring(Monitoring(RUN, step), "orchestrator")
    assert leased(processor, (STEP, OTHER, STEP)) == [2, 2]
    assert leased(processor, (STEP,)) == [1]
    assert leased(processor, (7, 8, 9)) == []
    processor.receiveMsg_Leased(Leased((), ()), "store")  # no work at all
    processor.receiveMsg_Monitoring(Monitoring(RUN, 7), "new")
    ((_, told),) = processor.sent(RunChildren)
    assert told.sharing == 3

    step = started(NotedStep, STEP)
    step.resources["pace"] = FewAtOnce(1)
    step.receiveMsg_ParentPicture(picture(STEP, JobState.RUNNING), "store")
    step.receiveMsg_RunChildren(told, "processor")
    assert step.resources["pace"].asked == [("io", 3)]


def test_every_dispatcher_is_asked_for_its_own_bodies() -> None:
    step = step_with(1, *jobs(1, 2), *jobs(3, of="slow"))
    assert set(step.resources["pace"].asked) == {("io", 1), ("loop", 1)}
