"""A manager whose steps go on until the test opens a gate."""

import msgspec

from actors.job import Page, StepStart
from actors.manager import JobManager
from tests.embedding.workers import Where


class AtGate(JobManager):
    """One job that waits for a gate of ``workers.GATES``."""

    manager_type = "at_gate"
    config_type = Where
    child_types = ("gated",)

    def create_children(self, step: StepStart, cursor: str | None) -> Page:
        return Page((self.child("gated", msgspec.convert(step.step.config, Where)),))
