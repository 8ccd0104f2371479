"""``test_job_generator``: so many made-up jobs. What each of them does is told by the worker's module."""

from collections.abc import Iterator

import msgspec

from actors.job import Page, Step, StepStart
from actors.manager.contract import JobManager
from actors.worker.errors import PermanentError
from actors.worker.test_job_generator import ROOT_DEPTH, WORKER_TYPE, GeneratedJob

PAGE = 1000
_LARGEST = 2**31 - 1  # beyond it a number is a slip of the pen


class GeneratorConfig(msgspec.Struct, frozen=True):
    """What a step's jobs are like."""

    worker_count: int = 10
    """Jobs that the step begins with."""
    log_count: int = 100
    """Lines that each of them writes; those it spawns write half as many."""
    log_delay_ms: int = 50
    """Milliseconds after each line."""
    failure_rate: float = 0.1
    """Probability, 0 to 1, with which a job fails, after it has spawned."""
    child_count: int = 2
    """Jobs that each of them spawns; those spawn half as many."""
    recursion_depth: int = 3
    """Depth of the last jobs; the first have 0."""


class GeneratorManager(JobManager):
    """Names the first jobs, page by page."""

    manager_type = WORKER_TYPE
    config_type = GeneratorConfig
    child_types = (WORKER_TYPE,)
    dispatcher = "core"

    def create_children(self, step: StepStart, cursor: str | None) -> Page:
        """The next of the jobs.

        Raises:
            PermanentError: the configuration is wrong.
        """
        config = _checked(step.step)
        first = int(cursor or 0)
        last = min(first + PAGE, config.worker_count)
        job = GeneratedJob(
            log_count=config.log_count,
            log_delay_ms=config.log_delay_ms,
            failure_rate=config.failure_rate,
            child_count=config.child_count,
            recursion_depth=config.recursion_depth,
        )
        child = self.child(WORKER_TYPE, job, depth=ROOT_DEPTH)
        return Page((child,) * (last - first), str(last) if last < config.worker_count else None)

    @classmethod
    def problems(cls, step: Step) -> list[tuple[str, str]]:
        """Numbers that count nothing."""
        return list(_wrong_numbers(msgspec.convert(step.config, GeneratorConfig)))


def _wrong_numbers(config: GeneratorConfig) -> Iterator[tuple[str, str]]:
    for key in ("worker_count", "log_count", "log_delay_ms", "child_count", "recursion_depth"):
        value = getattr(config, key)
        if not 0 <= value <= _LARGEST:
            yield key, f"must be between 0 and {_LARGEST}, got {value}"
    if not 0 <= config.failure_rate <= 1:  # NaN is not either
        yield (
            "failure_rate",
            f"must be between 0 and 1, got {config.failure_rate:g}; 0.1 lets one of ten jobs fail",
        )


def _checked(step: Step) -> GeneratorConfig:
    """The configuration of a step that may have been made in code, where nothing has checked it."""
    try:
        config = msgspec.convert(step.config, GeneratorConfig)
    except msgspec.ValidationError as error:
        raise PermanentError(f"step {step.name!r}: {error}") from error
    wrong = "; ".join(f"{key}: {sentence}" for key, sentence in _wrong_numbers(config))
    if wrong:
        raise PermanentError(f"step {step.name!r}: {wrong}")
    return config
