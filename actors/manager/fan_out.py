"""``fan_out``: the children were handed over with the submit and wait in staged pages; a cursor is a page's number."""

import msgspec

from actors.job import Page, StepStart
from actors.manager.contract import JobManager


class FanOutConfig(msgspec.Struct, frozen=True):
    """Written by ``Runtime.fan_out``, never by hand."""

    job_type: str
    pages: int
    max_attempts: int = 0


class FanOutManager(JobManager):
    """Names one staged page after the other; the store expands them without moving their rows through messages."""

    manager_type = "fan_out"
    config_type = FanOutConfig
    dispatcher = "core"

    def create_children(self, step: StepStart, cursor: str | None) -> Page:
        """The staged page of that number, or nothing if there is none."""
        pages = int(step.step.config["pages"])
        number = int(cursor or 0)
        if number >= pages:
            return Page()
        return Page(stored=number, next_cursor=str(number + 1) if number + 1 < pages else None)
