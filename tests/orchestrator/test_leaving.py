"""An orchestrator leaves memory only when no work is on its way to it, and one that is needed again is made again."""

import msgspec

from actors.job import Attempt, Closing, Completed, JobState
from actors.messages import (
    AttemptEnded,
    ExtendLeases,
    Leased,
    Monitoring,
    Retired,
    Retiring,
    RunChildren,
    StopJob,
    SuperviseStep,
    UnwatchParent,
    WatchParent,
)
from actors.orchestrator.run import LeaveIfIdle
from actors.orchestrator.step import Extend
from actors.processor import RESTING_WORKERS
from tests.orchestrator.noted import (
    JOB,
    OTHER,
    RUN,
    STEP,
    WIRING,
    NotedProcessor,
    NotedRun,
    NotedStep,
    NotedSupervisor,
    picture,
    started,
)


def test_the_processor_lets_no_orchestrator_go_to_which_work_is_on_its_way() -> None:
    processor = NotedProcessor()
    processor._wiring = WIRING
    processor.receiveMsg_Leased(Leased((JOB,)), "store")
    assert processor.sent(SuperviseStep) == [("supervisor", SuperviseStep(RUN, STEP))]
    processor.receiveMsg_Monitoring(Monitoring(RUN, STEP), "orchestrator")
    processor.receiveMsg_Leased(Leased((JOB,)), "store")
    assert processor.sent(RunChildren) == [("orchestrator", RunChildren((JOB,), RESTING_WORKERS))] * 2
    processor.receiveMsg_Retiring(Retiring(STEP, 1), "orchestrator")
    assert processor.sent(Retired) == []
    processor.receiveMsg_Retiring(Retiring(STEP, 2), "orchestrator")
    assert processor.sent(Retired) == [("the sender", Retired(STEP))]
    processor.receiveMsg_Leased(Leased((JOB,)), "store")
    assert len(processor.sent(RunChildren)) == 2
    assert len(processor.sent(SuperviseStep)) == 2


def test_the_supervisor_lets_no_orchestrator_go_to_which_work_is_on_its_way() -> None:
    supervisor = NotedSupervisor()
    supervisor._wiring = lambda: WIRING  # type: ignore[method-assign]
    for _ in range(2):
        supervisor.receiveMsg_SuperviseStep(SuperviseStep(RUN, STEP), "processor")
    (first, _), _ = supervisor.sent(SuperviseStep)
    supervisor.receiveMsg_Retiring(Retiring(RUN, 1), first)
    assert supervisor.sent(Retired) == []
    supervisor.receiveMsg_Retiring(Retiring(RUN, 2), first)
    assert supervisor.sent(Retired) == [("the sender", Retired(RUN))]
    supervisor.receiveMsg_SuperviseStep(SuperviseStep(RUN, STEP), "processor")
    second = supervisor.sent(SuperviseStep)[-1][0]
    assert second != first
    supervisor.child_exited(first, "normal")  # the old one's end is not the new one's
    supervisor.receiveMsg_SuperviseStep(SuperviseStep(RUN, OTHER), "processor")
    assert supervisor.sent(SuperviseStep)[-1][0] == second


def test_a_steps_orchestrator_asks_again_after_the_work_that_was_on_its_way() -> None:
    step = started(NotedStep, STEP)
    step.receiveMsg_ParentPicture(picture(STEP, JobState.COMPLETED), "store")
    assert step.sent(Retiring) == [("processor", Retiring(STEP, 0))]
    step.receiveMsg_RunChildren(RunChildren((JOB,)), "processor")
    step._workers.clear()  # it has run
    step.receiveMsg_ParentPicture(picture(STEP, JobState.COMPLETED), "store")
    assert step.sent(Retiring)[1:] == [("processor", Retiring(STEP, 1))]
    assert not step.stopped_itself
    step.receiveMsg_Retired(Retired(STEP), "processor")
    assert step.stopped_itself


def test_a_steps_orchestrator_that_gets_work_after_the_end_watches_anew_and_stops_nobody() -> None:
    step = started(NotedStep, STEP)
    step.receiveMsg_ParentPicture(picture(STEP, JobState.RUNNING, Closing.CANCEL), "store")
    step.receiveMsg_ParentPicture(picture(STEP, JobState.CANCELLED, Closing.CANCEL), "store")
    step.receiveMsg_RunChildren(RunChildren((JOB,)), "processor")
    assert step.sent(WatchParent) == [("store", WatchParent(STEP))] * 2
    assert step.sent(StopJob) == []
    step.receiveMsg_ParentPicture(picture(STEP, JobState.RUNNING, Closing.CANCEL), "store")
    assert len(step.sent(StopJob)) == 1


def test_a_step_that_gets_work_while_its_orchestrator_leaves_gets_another_after_it() -> None:
    run = started(NotedRun, RUN)
    run.receiveMsg_SuperviseStep(SuperviseStep(RUN, STEP), "supervisor")
    (first,) = run._steps.values()
    run.receiveMsg_SuperviseStep(SuperviseStep(RUN, STEP), "supervisor")
    assert list(run._steps.values()) == [first]
    run.child_exited(first, "normal")
    (second,) = run._steps.values()
    assert second != first
    run.child_exited(second, "normal")
    assert run._steps == {}


def test_a_runs_orchestrator_leaves_when_it_may_and_watches_anew_when_the_run_was_retried() -> None:
    run = started(NotedRun, RUN)
    run.receiveMsg_SuperviseStep(SuperviseStep(RUN, STEP), "supervisor")
    run.receiveMsg_ParentPicture(picture(RUN, JobState.FAILED), "store")
    assert run.sent(Retiring) == []
    run.child_exited(run._steps[STEP], "normal")
    assert run.sent(Retiring) == [("supervisor", Retiring(RUN, 1))]
    run.receiveMsg_SuperviseStep(SuperviseStep(RUN, STEP), "supervisor")
    assert run.sent(WatchParent) == [("store", WatchParent(RUN))] * 2
    run.receiveMsg_ParentPicture(picture(RUN, JobState.COMPLETED), "store")
    run.child_exited(run._steps[STEP], "normal")
    assert run.sent(Retiring)[1:] == [("supervisor", Retiring(RUN, 2))]
    run.receiveMsg_Retired(Retired(RUN), "supervisor")
    assert run.stopped_itself


def test_a_steps_orchestrator_without_work_leaves_after_a_while_and_watches_no_more() -> None:
    step = started(NotedStep, STEP)
    step.receiveMsg_ParentPicture(picture(STEP, JobState.RUNNING), "store")
    assert step._timers.started == {"extend": (10.0, Extend())}
    step.receiveMsg_RunChildren(RunChildren((JOB,)), "processor")
    step.receiveMsg_Extend(Extend(), "step")
    assert step.sent(ExtendLeases) == [("store", ExtendLeases((JOB.id,)))]
    assert step.sent(Retiring) == []
    step._workers.clear()  # it has run
    step.receiveMsg_Extend(Extend(), "step")
    step.receiveMsg_Extend(Extend(), "step")  # it was not answered
    assert step.sent(Retiring) == [("processor", Retiring(STEP, 1))] * 2
    step.receiveMsg_Retired(Retired(STEP), "processor")
    assert step.sent(UnwatchParent) == [("store", UnwatchParent(STEP))]
    assert step.stopped_itself


def test_a_runs_orchestrator_without_steps_leaves_after_a_while_unless_work_comes() -> None:
    run = started(NotedRun, RUN)
    run.receiveMsg_SuperviseStep(SuperviseStep(RUN, STEP), "supervisor")
    run.receiveMsg_ParentPicture(picture(RUN, JobState.RUNNING), "store")
    run.child_exited(run._steps[STEP], "normal")
    assert run._timers.started == {"idle": (10.0, LeaveIfIdle())}
    run.receiveMsg_SuperviseStep(SuperviseStep(RUN, STEP), "supervisor")
    run.receiveMsg_LeaveIfIdle(LeaveIfIdle(), "run")
    assert run.sent(Retiring) == []
    run.child_exited(run._steps[STEP], "normal")
    run.receiveMsg_LeaveIfIdle(LeaveIfIdle(), "run")
    assert run.sent(Retiring) == [("supervisor", Retiring(RUN, 2))]
    run.receiveMsg_Retired(Retired(RUN), "supervisor")
    assert run.sent(UnwatchParent) == [("store", UnwatchParent(RUN))]
    assert run.stopped_itself


def test_the_more_steps_have_work_here_the_fewer_resting_workers_each_keeps() -> None:
    processor = NotedProcessor()
    processor._wiring = WIRING
    for step_id in range(RESTING_WORKERS):
        processor.receiveMsg_Monitoring(Monitoring(RUN, step_id), "orchestrator")
    processor.receiveMsg_Leased(Leased((JOB,)), "store")
    ((_, told),) = processor.sent(RunChildren)
    assert told.resting == 1

    step = started(NotedStep, STEP)
    step.receiveMsg_ParentPicture(picture(STEP, JobState.RUNNING), "store")
    jobs = tuple(msgspec.structs.replace(JOB, id=number, token=number) for number in (1, 2, 3))
    step.receiveMsg_RunChildren(RunChildren(jobs, 2), "processor")
    for worker, job in list(step._workers.items()):
        step.receiveMsg_AttemptEnded(AttemptEnded(Attempt(job.lease, STEP, Completed())), worker)
    assert list(map(len, step._idle.values())) == [2]
    assert len(step.ended_children) == 1
