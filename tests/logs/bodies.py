"""Workers that write to logs in every way there is; named by the ``quaero.toml`` of the tests."""

import asyncio
import logging

import msgspec
import structlog

from actors.job import Page, StepStart
from actors.manager import JobManager
from actors.worker import JobContext, worker

logger = logging.getLogger("service.of.the.user")


class Nothing(msgspec.Struct, frozen=True):
    """A payload."""


@worker("logging_thread", max_attempts=2, backoff_seconds=0.01, jitter=0.0)
def logging_thread(payload: Nothing, context: JobContext) -> None:
    """By Python's logging and by structlog, from a thread."""
    logger.info("by %s", "logging", extra={"answer": 42})
    structlog.get_logger("service.structured").info("by structlog", question="life")
    if context.job.attempt == 1:
        try:
            raise ValueError("first")
        except ValueError:
            logger.exception("it failed\nbadly")
        raise RuntimeError("once more")


@worker("logging_loop", dispatcher="loop")
async def logging_loop(payload: Nothing, context: JobContext) -> None:
    """From the loop, and from a task of its own."""
    await asyncio.sleep(0)
    logger.info("in a coroutine")
    await asyncio.create_task(_below())


async def _below() -> None:
    logger.info("in its task")


@worker("logging_apart", dispatcher="cpu")
def logging_apart(payload: Nothing, context: JobContext) -> None:
    """From a process of its own."""
    logger.warning("apart")


class LoggingManager(JobManager):
    """Names one job for the loop and one for a process."""

    manager_type = "logging"
    config_type = Nothing
    child_types = ("logging_loop", "logging_apart")

    def create_children(self, step: StepStart, cursor: str | None) -> Page:
        """Both of them."""
        logger.info("named")
        return Page((self.child("logging_loop", Nothing()), self.child("logging_apart", Nothing())))


ALL = (logging_thread, logging_loop, logging_apart)
