"""A step as progress shows it, read from the store."""

from typing import TYPE_CHECKING, Any

import msgspec

from actors.job import Counts, JobState

if TYPE_CHECKING:
    from runtime.store.reading.reader import StoreReader

MOST_STEPS = 50
"""Steps of a store that are shown at once."""


class StepPicture(msgspec.Struct, frozen=True):
    """A step at one moment. ``total_final``: no more children will come."""

    job_id: str
    name: str
    state: JobState
    counts: Counts
    total_final: bool


def steps_of_run(reader: "StoreReader", run_id: int) -> list[StepPicture]:
    """The steps of the run, in their order."""
    from runtime.store.reading.jobs import JobFilter

    return [picture(each) for each in reader.jobs(JobFilter(parent_id=run_id, kind="step"))]


class RunningSteps:
    """The steps that are running in any run of a store, the first of them, each named with its run.

    A step that has ended since the last look is among them once more, as it ended.
    """

    def __init__(self, reader: "StoreReader") -> None:
        self._reader = reader
        self._before: dict[str, StepPicture] = {}

    def look(self) -> list[StepPicture]:
        """The steps now."""
        from actors.ids import parse_id

        found = _running_steps(self._reader)
        gone = self._before.keys() - {step.job_id for step in found}
        ended = []
        for job_id, before in self._before.items():
            step = self._reader.job(parse_id(job_id)) if job_id in gone else None
            if step is not None:
                ended.append(picture({**step, "name": before.name}))
        self._before = {step.job_id: step for step in found}
        return [*ended, *found]


def _running_steps(reader: "StoreReader") -> list[StepPicture]:
    from actors.ids import parse_id
    from runtime.store.reading.jobs import JobFilter

    return [
        picture({**step, "name": f"{run['name']} / {step['name']}"})
        for run in reader.jobs(JobFilter(kind="run", state="running", limit=MOST_STEPS, deliveries=False))
        for step in reader.jobs(JobFilter(parent_id=parse_id(run["id"]), state="running"))
    ][:MOST_STEPS]


def picture(step: dict[str, Any]) -> StepPicture:
    """The picture of a step's object. Pure."""
    return StepPicture(
        job_id=step["id"],
        name=step["name"],
        state=JobState(step["state"]),
        counts=Counts(**step["counts"]),
        total_final=step["progress"]["total_final"],
    )
