"""A worker whose jobs wait until a file is there, and a manager for it; named by the ``quaero.toml`` of the tests."""

import time
from pathlib import Path
from threading import Event

import msgspec

from actors.job import Page, StepStart
from actors.manager import JobManager
from actors.worker import JobContext, worker

LOOK_SECONDS = 0.01
LONGEST_SECONDS = 100.0


class Gate(msgspec.Struct, frozen=True):
    """``path`` "" = open; ``opens`` False = the job fails once the gate is open."""

    number: int
    path: str = ""
    opens: bool = True


@worker("gate", dispatcher="io", slots=2, max_attempts=1)
def gate(payload: Gate, context: JobContext) -> int:
    """Wait for the gate to open."""
    context.info(f"waiting at gate {payload.number}")
    end, pause = time.monotonic() + LONGEST_SECONDS, Event()
    while payload.path and not Path(payload.path).exists():
        context.raise_if_cancelled()
        if time.monotonic() > end:
            raise TimeoutError(payload.path)
        pause.wait(LOOK_SECONDS)
    if not payload.opens:
        raise ValueError(f"gate {payload.number} is broken")
    return payload.number


class GatesConfig(msgspec.Struct, frozen=True):
    """``broken``: how many of the jobs fail, the first ones. ``{}`` in the path is the job's number."""

    gates: int = 3
    path: str = ""
    broken: int = 0


class GatesManager(JobManager):
    """So many jobs at one gate."""

    manager_type = "gates"
    config_type = GatesConfig
    child_types = ("gate",)

    def create_children(self, step: StepStart, cursor: str | None) -> Page:
        """All of them."""
        config = msgspec.convert(step.step.config, GatesConfig)
        return Page(
            tuple(
                self.child("gate", Gate(number, config.path.format(number), opens=number >= config.broken))
                for number in range(config.gates)
            )
        )
