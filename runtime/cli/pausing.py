"""What ``quaero pause`` and ``quaero resume`` have in common: whom they mean, and how they say what became of it."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from runtime.cli.asking import asked, writing
from runtime.cli.failures import CommandError
from runtime.cli.opening import known_job, reader_of, settings
from runtime.cli.output import write, write_json
from runtime.cli.pausing_schedules import change_schedule

if TYPE_CHECKING:
    from actors.messages import PauseJob, PauseType, ResumeJob, ResumeType

PausedArgument = Annotated[
    str | None, typer.Argument(metavar="[ID]", help="A run, a step or a job.", show_default=False)
]
TypeOption = Annotated[
    str | None,
    typer.Option(
        "--type", metavar="TYPE", help="Instead: every job of this worker type.", show_default=False
    ),
]


def change(
    job: str | None,
    job_type: str | None,
    schedule: str | None,
    *,
    pause: bool,
    store: Path | None,
    config: Path | None,
    as_json: bool,
) -> None:
    """Pause or resume the one that was named, and tell what became of it.

    Raises:
        CommandError: not exactly one was named, or it is not there.
    """
    named = [each for each in (job, job_type, schedule) if each is not None]
    if len(named) != 1 or "" in named:
        message = "name an ID, a --type TYPE or a --schedule ID"
        raise CommandError(message, hint="`quaero jobs` lists the ids, `quaero schedules` the schedules")
    wanted = settings(store, config)
    with reader_of(wanted) as reader:
        number = None if job is None else known_job(reader, job)
    if schedule is not None:
        change_schedule(schedule, wanted, pause=pause, as_json=as_json)
        return
    with writing(wanted) as file:
        answer = asked(file, _request(number, job_type or "", pause=pause))
    if number is None:
        if as_json:
            write_json({"type": job_type, "changed": answer.changed, "paused": pause})
        else:
            write(type_sentence(job_type or "", pause=pause, changed=answer.changed))
    elif as_json:
        shown = {"id": job, "changed": answer.changed, "state": answer.state.value}
        write_json({**shown, "held": answer.held} if answer.held else shown)
    else:
        write(job_sentence(job or "", answer.state, pause=pause, changed=answer.changed, held=answer.held))


def _request(
    number: int | None, job_type: str, *, pause: bool
) -> "PauseJob | ResumeJob | PauseType | ResumeType":
    from actors.messages import PauseJob, PauseType, ResumeJob, ResumeType

    if number is None:
        return PauseType(job_type) if pause else ResumeType(job_type)
    return PauseJob(number) if pause else ResumeJob(number)


def type_sentence(job_type: str, *, pause: bool, changed: bool) -> str:
    """What became of a worker type, in words. Pure."""
    if pause:
        return (
            f"jobs of type {job_type!r} are paused: none starts, in any runtime; what runs goes on"
            if changed
            else f"jobs of type {job_type!r} were paused already"
        )
    return f"jobs of type {job_type!r} " + ("go on" if changed else "were not paused")


def job_sentence(job: str, state: str, *, pause: bool, changed: bool, held: bool) -> str:
    """What became of a run, a step or a job, in words. Pure."""
    from actors.job import JobState

    if JobState(state).terminal:
        return f"{job} had ended before: {state}"
    if pause:
        return (
            f"{job} is paused: nothing new of it starts, what runs goes on; time limits too"
            if changed
            else f"{job} was paused or closing already: {state}"
        )
    text = f"{job} goes on" if changed else f"{job} was not paused by itself"
    return f"{text}, once what is above it is resumed" if held else text
