"""``test_job_generator``: work that is made up, without a network, as input for trying a runtime out.

A job writes ``log_count`` lines, a delay after each, of levels that are drawn: 80 of 100 are info, 15 warning, 5 error.
Then it spawns ``child_count`` jobs of half its lines and half its children, one level deeper, unless it is on the
deepest level. Then it fails, with the probability ``failure_rate``. What it spawned is made also if it fails, so that
the number of jobs follows from the configuration alone. Its log has ``log_count`` lines and three: the first, a
summary and the last; four if it spawned.
"""

import asyncio

import msgspec

from actors.job import LogLevel
from actors.seams import Random
from actors.worker.context import JobContext
from actors.worker.decorator import worker

WORKER_TYPE = "test_job_generator"
ROOT_DEPTH = 0
"""Of the jobs that a step begins with."""
PAUSE_LINES = 200
"""Without a delay a body lets others have the loop after so many lines."""


class GeneratedJob(msgspec.Struct, frozen=True):
    """One made-up job."""

    log_count: int
    log_delay_ms: int = 0
    failure_rate: float = 0.0
    child_count: int = 0
    recursion_depth: int = 0


class GeneratedResult(msgspec.Struct, frozen=True):
    """What it did."""

    info: int
    warning: int
    error: int
    spawned: int


class GeneratedFailureError(Exception):
    """The failure that was drawn."""


def level_of(drawn: float) -> LogLevel:
    """The level of a line, of a number that is at least 0 and less than 1. Pure."""
    if drawn < 0.80:
        return LogLevel.INFO
    return LogLevel.WARNING if drawn < 0.95 else LogLevel.ERROR


def children_of(job: GeneratedJob, depth: int) -> list[GeneratedJob]:
    """What a job of that depth spawns. Pure."""
    if depth >= job.recursion_depth:
        return []
    child = msgspec.structs.replace(job, log_count=job.log_count // 2, child_count=job.child_count // 2)
    return [child] * job.child_count


@worker(WORKER_TYPE, max_attempts=1)
async def generator(payload: GeneratedJob, context: JobContext) -> GeneratedResult:
    """Write lines, spawn, and fail or not."""
    random: Random = context.resource("random")
    depth = context.job.depth
    context.info(f"test job of depth {depth} begins: {payload.log_count} lines")
    counts = {LogLevel.INFO: 0, LogLevel.WARNING: 0, LogLevel.ERROR: 0}
    for number in range(1, payload.log_count + 1):
        level = level_of(random.random())
        counts[level] += 1
        context.log(level, f"line {number} of {payload.log_count}")
        if payload.log_delay_ms or number % PAUSE_LINES == 0:
            await asyncio.sleep(payload.log_delay_ms / 1000)
    children = children_of(payload, depth)
    for child in children:
        context.spawn_child_job(WORKER_TYPE, child, depth=depth + 1, even_if_failed=True)
    if children:
        context.info(f"spawned {len(children)} jobs of depth {depth + 1}")
    context.info(", ".join(f"{count} {level.value}" for level, count in counts.items()))
    if random.random() < payload.failure_rate:
        context.error(f"fails, as drawn with failure_rate {payload.failure_rate:g}")
        raise GeneratedFailureError(
            f"the test job failed, as drawn with failure_rate {payload.failure_rate:g}"
        )
    context.info("completed")
    info, warning, error = counts.values()
    return GeneratedResult(info, warning, error, len(children))
