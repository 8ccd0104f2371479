"""The operator: cancels, pauses, resumes, retries, makes runs again, deletes, and sets schedules, whatever there is.

Each wish is drawn beforehand, and carried out at its time on a row that fits; if there is none yet, a little later.
When the faults are over it tidies up: what is paused is resumed, schedules are forgotten once they have fired.
"""

from collections.abc import Callable, Container
from typing import TYPE_CHECKING, Any

from actors.messages import (
    CancelAcknowledged,
    CancelJob,
    DeleteAcknowledged,
    DeleteJob,
    PauseJob,
    PauseSchedule,
    PauseType,
    Prune,
    Refused,
    RerunGoesOn,
    RerunJob,
    ResumeJob,
    ResumeSchedule,
    ResumeType,
    RetryAcknowledged,
    RetryJob,
    ScheduleRuns,
    Submitted,
    Unschedule,
)
from runtime.engine import tell
from tests.simulation.marks import WISHES
from tests.simulation.questions import choose, fired_since, too_old
from tests.simulation.rows import OPEN, Job

if TYPE_CHECKING:
    from tests.simulation.scenario import Draw
    from tests.simulation.world import World

KINDS = ("run", "run", "step", "job")
TYPES = ("quick", "slow", "inline")
TRIES = 12
"""Times a wish looks for a row that fits."""
TIDY_EVERY = 0.5
PAUSED_SECONDS = 3.0
"""For which a paused schedule stays when the faults are over: it is due all the while, and must not fire."""


class Operator:
    """Whoever looks after a world's runs."""

    def __init__(self, world: "World", draw: "Draw") -> None:
        self.world = world
        self._chance = world.chance
        self.wishes = 0  # that were not carried out yet
        self.reruns: dict[int, int] = {}  # new run, and of what it is made again
        self._ticking = draw.ticking("tick")
        world.definitions["tick"] = self._ticking
        while self._chance.random() < world.rates.operate:
            self.wishes += 1
            wish = self._chance.choice(WISHES)
            world.after(self._chance.random() * 3.0, self._carry_out, wish, TRIES)
        self._tidying = False

    def __repr__(self) -> str:
        return f"<Operator(wishes={self.wishes})>"

    # -- wishes -------------------------------------------------------------------------------------------------

    def _carry_out(self, wish: str, tries: int) -> None:
        if not self.world.quiet and tries and not getattr(self, f"_{wish}")():
            self.world.after(0.25, self._carry_out, wish, tries - 1)
            return
        self.wishes -= 1

    def _cancel(self) -> bool:
        return self._about(CancelJob, "cancel", self._some_open())

    def _cancel_running(self) -> bool:
        running = choose(self.world.judge, self._chance, "job", states={"running"})
        return self._about(CancelJob, "cancel", running)

    def cancel_at_once(self, job: Job) -> None:
        """While its body begins: the cancel is on its way with what the attempt will leave."""
        if self._about(CancelJob, "cancel", job):
            self.world.met("cancel_at_once")

    def _pause(self) -> bool:
        return self._about(PauseJob, "pause", self._some_open())

    def _resume(self) -> bool:
        jobs, parents = self._paused_ones()
        return self._about(
            ResumeJob, "resume", self._chance.choice([*jobs, *parents]) if jobs or parents else None
        )

    def _pause_type(self) -> bool:
        return self.ask(PauseType(self._chance.choice(TYPES)), "pause_type")

    def _resume_type(self) -> bool:
        paused = sorted(self.world.judge.rows.paused_types)
        return bool(paused) and self.ask(ResumeType(self._chance.choice(paused)), "resume_type")

    def _retry(self) -> bool:
        ended = None if self._chance.random() < 0.1 else True
        job = self._some(ended=ended, states={"failed", "cancelled", "completed_with_failures"})
        if job is None:
            return False
        failed_only = self._chance.random() < 0.3
        self.world.met("retry_failed" if failed_only else "retry_all")
        return self.ask(RetryJob(job.id, failed_only), f"retry_{job.kind}", self._retried, job)

    def _rerun(self) -> bool:
        job = self._some(ended=None if self._chance.random() < 0.2 else True)
        machine = self.world.any_open()
        if job is None or machine is None:
            return False
        run_id = machine.assembly.ids.next()
        self.reruns[run_id] = job.id
        return self.ask(RerunJob(job.id, run_id), f"rerun_{job.kind}", self._made_again, job, run_id)

    def _delete(self) -> bool:
        return self._about(DeleteJob, "delete", self._some(ended=self._chance.random() < 0.8))

    def _schedule(self) -> bool:
        return self.ask(ScheduleRuns((self._ticking,)), "schedule")

    def _pause_schedule(self) -> bool:
        wish = self._chance.choice((PauseSchedule, ResumeSchedule, ResumeSchedule))
        return bool(self.world.judge.rows.schedules) and self.ask(wish("tick"), "pause_schedule")

    def _unschedule(self) -> bool:
        return bool(self.world.judge.rows.schedules) and self.ask(Unschedule("tick"), "unschedule")

    def _submit_again(self) -> bool:
        fitting = [each for each in self.world.clients if each.ended and each.key is not None]
        if fitting:
            self._chance.choice(fitting).try_again()
        return bool(fitting)

    def _some(self, *, ended: bool | None, states: Container[str] | None = None) -> Job | None:
        return choose(self.world.judge, self._chance, self._chance.choice(KINDS), ended=ended, states=states)

    def _some_open(self) -> Job | None:
        """Mostly what is open; else anything."""
        return (
            self._some(ended=None) if self._chance.random() < 0.15 else self._some(ended=False, states=OPEN)
        )

    def _about(self, request: type[Any], mark: str, job: Job | None) -> bool:
        if job is None:
            return False
        return self.ask(request(job.id), f"{mark}_{job.kind}", self._answered, job)

    # -- answers ------------------------------------------------------------------------------------------------

    def ask(
        self, request: Any, mark: str, answered: Callable[..., None] | None = None, *arguments: Any
    ) -> bool:
        """Ask any runtime that runs; returns whether there is one. ``answered`` is told the answer that came."""
        machine = self.world.any_open()
        if machine is None or machine.assembly.store is None:
            return False
        self.world.met(mark)

        def settle(reply: object, error: Exception | None) -> None:
            if machine.alive and error is None and answered is not None and not self.world.loses_answer():
                answered(reply, *arguments)

        machine.ask(machine.assembly.store, request, settle)
        return True

    def _answered(self, reply: object, job: Job) -> None:
        """What was acknowledged is durable, unless somebody has opened the job again since."""
        judge = self.world.judge
        now = judge.rows.jobs.get(job.id)
        if isinstance(reply, DeleteAcknowledged) and not judge.timeline.hidden(job.id):
            self.world.failures.append(f"{job} was deleted, and is there")
        if not isinstance(reply, CancelAcknowledged) or now is None or now.epoch != job.epoch:
            return
        told = now.cancel_reason if now.kind == "job" else judge.rows.parents[now.id].closing
        if now.state in OPEN and told is None:
            self.world.failures.append(f"{now}: the cancel was acknowledged and is not in the row")

    def _retried(self, reply: object, job: Job) -> None:
        judge = self.world.judge
        if isinstance(reply, Refused):
            self.world.met("retry_refused")
        elif isinstance(reply, RetryAcknowledged):
            self.world.met("retry_acknowledged")
            if judge.every[job.root_id].epoch <= job.epoch and not judge.timeline.hidden(job.root_id):
                self.world.failures.append(f"{job} was retried, its run is {judge.every[job.root_id]}")
        else:
            self.world.failures.append(f"a retry of {job} was answered {reply!r}")

    def _made_again(self, reply: object, job: Job, run_id: int) -> None:
        if isinstance(reply, RerunGoesOn):
            self.ask(RerunJob(job.id, run_id, reply.progress), "rerun_goes_on", self._made_again, job, run_id)
        elif isinstance(reply, Submitted) and reply.run_id not in self.world.judge.every:
            self.world.failures.append(f"{job} was made again as {reply}, which is not there")

    # -- after the faults ---------------------------------------------------------------------------------------

    def _paused_ones(self) -> tuple[list[Job], list[Job]]:
        rows = self.world.judge.rows
        jobs = [job for job in rows.jobs.values() if (job.lane_id or 0) < 0 and job.state in OPEN]
        parents = [each for each in rows.parents.values() if each.paused & 1 and each.state in OPEN]
        return jobs, [rows.jobs[each.id] for each in parents]

    @property
    def untidy(self) -> list[Any]:
        """What keeps a world from coming to rest until somebody sees to it."""
        rows = self.world.judge.rows
        jobs, parents = self._paused_ones()
        return [
            *jobs,
            *parents,
            *rows.paused_types,
            *rows.schedules,
            *rows.deletions,
            *too_old(self.world.judge),
        ]

    def tidy(self) -> None:
        """See to what is paused or scheduled, and to what nobody erases, again and again until nothing is left."""
        rows = self.world.judge.rows
        jobs, parents = self._paused_ones()
        for job in (*jobs, *parents):
            self.ask(ResumeJob(job.id), f"resume_{job.kind}")
        for each in sorted(rows.paused_types):
            self.ask(ResumeType(each), "resume_type")
        for schedule in rows.schedules.values():
            if (
                (schedule.paused and self.world.quiet_for > PAUSED_SECONDS)
                or schedule.error
                or fired_since(self.world.judge, self.world.quiet_seq, schedule.id)
            ):
                self.ask(Unschedule(schedule.id), "unschedule")
        if rows.deletions or too_old(self.world.judge):
            machine = self.world.any_open()
            if machine is not None:
                tell(machine.system, machine.assembly.store, Prune(begin=True))
        self.world.after(TIDY_EVERY, self.tidy)
