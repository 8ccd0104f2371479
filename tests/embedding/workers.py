"""Workers for the tests of the whole runtime; also imported by processes that the tests start and kill."""

import asyncio
import os
import threading
from pathlib import Path

import msgspec

from actors.documents import DocumentSpec
from actors.worker import Cancel, JobContext, PermanentError, RetryableError, Snooze, worker


class Number(msgspec.Struct, frozen=True):
    """A payload."""

    number: int
    spawn: int = 0


class Where(msgspec.Struct, frozen=True):
    """A payload that names a file."""

    path: str


GATES: dict[str, threading.Event] = {}
"""Events that bodies wait for; by name, so that tests do not meet."""
SNOOZED: dict[int, int] = {}
"""How often a job was snoozed."""


@worker("double", backoff_seconds=0.01, jitter=0.0)
def double(payload: Number, context: JobContext) -> int:
    """Double the number, spawn as many as asked."""
    for index in range(payload.spawn):
        context.spawn_child_job("double", Number(index), unique_key=f"{payload.number}/{index}")
    return payload.number * 2


@worker("double_async")
async def double_async(payload: Number, context: JobContext) -> int:
    """Double the number after giving others a turn."""
    context.raise_if_cancelled()
    await asyncio.sleep(0)
    return payload.number * 2


@worker("flaky", max_attempts=3, backoff_seconds=0.01, jitter=0.0)
def flaky(payload: Number, context: JobContext) -> str:
    """Succeed at the attempt of that number."""
    context.info(f"attempt {context.job.attempt}")
    if context.job.attempt < payload.number:
        raise RetryableError(f"not yet at attempt {context.job.attempt}")
    return "done"


@worker("poison", max_attempts=2, backoff_seconds=0.01, jitter=0.0)
def poison(payload: Where, context: JobContext) -> object:
    """Fail in the way that the payload names."""
    match payload.path:
        case "raise":
            raise ValueError("poison")
        case "exit":
            raise SystemExit(3)
        case "garbage":
            return object()
        case "permanent":
            raise PermanentError("never")
        case "cancel":
            return Cancel("changed my mind")
        case "snooze":
            SNOOZED[context.job.id] = SNOOZED.get(context.job.id, 0) + 1
            return Snooze(0.01) if SNOOZED[context.job.id] < 4 else context.job.attempt
    return None


@worker("gated")
def gated(payload: Where, context: JobContext) -> str:
    """Wait for the gate, or for a cancel."""
    gate = GATES[payload.path]
    while not gate.wait(0.02):
        context.raise_if_cancelled()
    return "passed"


@worker("gated_async")
async def gated_async(payload: Where, context: JobContext) -> str:
    """Wait for the gate, without looking for a cancel: it comes as the task's cancellation."""
    while not GATES[payload.path].is_set():  # noqa: ASYNC110 (a threading.Event, which no coroutine can wait for)
        await asyncio.sleep(0.01)
    context.info("passed")
    return "passed"


@worker("write", max_attempts=3)
def write(payload: Where, context: JobContext) -> int:
    """Leave a line in a file and save a document: what other processes can count."""
    with Path(payload.path).open("a", encoding="utf-8") as file:
        file.write(f"{context.job.id} {context.job.attempt} {os.getpid()}\n")
    context.save_document(
        DocumentSpec("test", str(context.job.id), None, f"job {context.job.id}", "the body of a document")
    )
    return context.job.attempt


@worker("wait_for_file", slots=64)
def wait_for_file(payload: Where, context: JobContext) -> int:
    """Wait until the file exists: a gate that works across processes."""
    pause = threading.Event()
    while not Path(payload.path).exists():
        context.raise_if_cancelled()
        pause.wait(0.01)
    return context.job.attempt


ALL = [double, double_async, flaky, poison, gated, gated_async, write, wait_for_file]
