"""Routes that show runs, steps and jobs, and the one that deletes them."""

from typing import Annotated

from litestar import Controller, delete, get
from litestar.params import QueryParameter

from actors.ids import parse_id
from actors.job import JobKind, JobState, LogLevel
from runtime.gateway.asking import existing, id_parameter, page_size, states_of, typed
from runtime.gateway.given import ID, After, JobId, Limit, RunFilter, States, TheRuntime
from runtime.gateway.objects import (
    Deleted,
    JobObject,
    JobsPage,
    LogObject,
    LogsPage,
    RecentlyEnded,
    Statistics,
    TypeQueue,
)
from runtime.gateway.problem import BadRequestError, NotFoundError
from runtime.store.explaining.reason import Explanation
from runtime.store.reading.jobs import JobFilter
from runtime.store.reading.recent_ends import STATES

_LEVELS = {"warn": LogLevel.WARNING, "err": LogLevel.ERROR, "all": None}
_PARENT = {"pattern": f"^(root|any|{ID['pattern'][1:-1]})$"}
_LAST_CURSOR = (1 << 53) - 1  # the largest that every reader of JSON has exactly


class JobsController(Controller):
    """``/api/jobs``."""

    path = "/api/jobs"
    tags = ("jobs",)

    @get(summary="List runs, or the children of one", sync_to_thread=True)
    def list_jobs(
        self,
        runtime: TheRuntime,
        parent_id: Annotated[
            str, QueryParameter(description='an id, "root" = runs, "any" = all', schema_extra=_PARENT)
        ] = "root",
        states: States = "",
        job_type: Annotated[str, QueryParameter(name="type")] = "",
        kind: Annotated[
            str, QueryParameter(description='"" = all', schema_extra={"enum": ["", *JobKind]})
        ] = "",
        run_id: RunFilter = None,
        after: After = None,
        limit: Limit = 50,
        order: Annotated[
            str,
            QueryParameter(
                description="desc = the newest first, or asc", schema_extra={"enum": ["asc", "desc"]}
            ),
        ] = "desc",
    ) -> JobsPage:
        """The newest runs first, unless something else is asked for.

        Those that deliver to webhooks are left out of a list of runs, unless ``type`` asks for them: "webhook:NAME".
        """
        size = page_size(limit)
        if order not in {"asc", "desc"}:
            raise BadRequestError(f"order is asc or desc, not {order!r:.40}", "order")
        if kind and kind not in frozenset(JobKind):
            raise BadRequestError(f"kind is {', '.join(JobKind)}, not {kind!r:.40}", "kind")
        only_runs = parent_id == "root" and run_id is None
        wanted = JobFilter(
            states=states_of(states),
            kind=JobKind.RUN if only_runs else kind or None,
            type=job_type or None,
            run_id=id_parameter(run_id, "run_id"),
            parent_id=None if parent_id in {"root", "any"} else id_parameter(parent_id, "parent_id"),
            after=id_parameter(after, "after"),
            limit=size + 1,
            newest_first=order == "desc",
            deliveries=bool(job_type) or parent_id != "root" or run_id is not None,
        )
        found = runtime.reader.jobs(wanted)
        page = typed(found[:size], list[JobObject])
        return JobsPage(page, page[-1].id if len(found) > size else None)

    @get("/stats", summary="Count all runs, steps and jobs by state", sync_to_thread=True)
    def statistics(self, runtime: TheRuntime) -> Statistics:
        """At one moment."""
        found: Statistics = typed(runtime.reader.statistics(), Statistics)
        return found

    @get("/queue", summary="What waits and runs, by job type", sync_to_thread=True)
    def queue(self, runtime: TheRuntime) -> list[TypeQueue]:
        """With the slots this runtime has for each type, and how many of it ended in the last seconds."""
        workers, now_ms = runtime.assembly.workers, runtime.assembly.clock.wall_ms()
        queues, ends = runtime.reader.queues_with_ends(workers, now_ms)
        none: dict[str, int] = dict.fromkeys(STATES, 0)
        return [
            TypeQueue(
                **queue,
                slots=workers[queue["type"]].options.slots if queue["type"] in workers else None,
                ended=RecentlyEnded(seconds=ends.seconds, **ends.by_type.get(queue["type"], none)),
            )
            for queue in queues
        ]

    @get("/{job_id:str}", summary="Show one run, step or job", sync_to_thread=True)
    def show(self, runtime: TheRuntime, job_id: JobId) -> JobObject:
        """With its payload, result, errors and counts."""
        found: JobObject = typed(existing(runtime, job_id), JobObject)
        return found

    @get("/{job_id:str}/tree", summary="Show a run or step with all below it", sync_to_thread=True)
    def tree(self, runtime: TheRuntime, job_id: JobId, limit: Limit = 100) -> JobObject:
        """At most ``limit`` children of each are shown; ``children_not_shown`` says how many are left out."""
        found = runtime.reader.tree(parse_id(job_id), limit=page_size(limit))
        if found is None:
            raise NotFoundError(f"there is no run, step or job {job_id}")
        shown: JobObject = typed(found, JobObject)
        return shown

    @get("/{job_id:str}/explain", summary="Why it does not move", sync_to_thread=True)
    def explain(self, runtime: TheRuntime, job_id: JobId) -> Explanation:
        """Every reason that holds now, with what to do."""
        existing(runtime, job_id)
        return runtime.explain(job_id)

    @get(
        ["/{job_id:str}/logs", "/{job_id:str}/logs/aggregated"],
        summary="Log lines, also of those below",
        sync_to_thread=True,
    )
    def logs(
        self,
        runtime: TheRuntime,
        job_id: JobId,
        level: Annotated[
            str,
            QueryParameter(
                description="error, warning, info, debug, or all",
                schema_extra={"enum": [*LogLevel, *_LEVELS]},
            ),
        ] = "all",
        after: Annotated[
            int, QueryParameter(description="the cursor of the page before", ge=0, le=_LAST_CURSOR)
        ] = 0,
        limit: Limit = 1000,
    ) -> LogsPage:
        """In the order in which they were recorded; the number is the cursor."""
        existing(runtime, job_id)
        size = page_size(limit)
        found = runtime.reader.logs(parse_id(job_id), after=after, level=level_of(level), limit=size + 1)
        lines = typed(found[:size], list[LogObject])
        return LogsPage(lines, lines[-1].number if len(found) > size else None)

    @get("/{job_id:str}/results", summary="The results of the jobs of a run or step", sync_to_thread=True)
    def results(
        self,
        runtime: TheRuntime,
        job_id: JobId,
        after: After = None,
        limit: Limit = 100,
    ) -> JobsPage:
        """The completed jobs below, each with its result."""
        found = existing(runtime, job_id)
        size, number = page_size(limit), parse_id(job_id)
        wanted = JobFilter(
            states=(JobState.COMPLETED,),
            kind=JobKind.JOB,
            run_id=number if found["kind"] == "run" else None,
            parent_id=number if found["kind"] == "step" else None,
            after=id_parameter(after, "after"),
            limit=size + 1,
        )
        rows = [found] if found["kind"] == "job" else runtime.reader.jobs(wanted)
        page = typed(rows[:size], list[JobObject])
        return JobsPage(page, page[-1].id if len(rows) > size else None)

    @delete("/{job_id:str}", status_code=200, summary="Delete a run with all below", sync_to_thread=True)
    def delete_job(self, runtime: TheRuntime, job_id: JobId) -> Deleted:
        """One that has not ended is refused: cancel it first. Documents stay."""
        existing(runtime, job_id)
        below = runtime.delete(job_id)
        return Deleted(job_id, below, "deleted")


def level_of(text: str) -> str | None:
    """The level that a parameter names, by itself or by an alias; None = all.

    Raises:
        BadRequestError: it names none.
    """
    name = text.lower()
    if name in _LEVELS:
        return _LEVELS[name]
    if name in frozenset(LogLevel):
        return name
    raise BadRequestError(f"level is all, {', '.join(LogLevel)}, not {text!r:.40}", "level")
