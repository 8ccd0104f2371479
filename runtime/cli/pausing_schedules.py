"""``quaero pause --schedule ID`` and ``quaero resume --schedule ID``."""

from typing import TYPE_CHECKING, Annotated

import typer

from runtime.cli.asking import asked, writing
from runtime.cli.output import write, write_json

if TYPE_CHECKING:
    from actors.messages import ScheduleAcknowledged
    from runtime.settings import RuntimeSettings

ScheduleOption = Annotated[
    str | None,
    typer.Option(
        "--schedule", metavar="ID", help="Instead: the schedule of this definition.", show_default=False
    ),
]


def change_schedule(schedule_id: str, wanted: "RuntimeSettings", *, pause: bool, as_json: bool) -> None:
    """Pause or resume a schedule, and tell what became of it.

    Raises:
        CommandError: there is none, or it can not fire.
    """
    from actors.messages import PauseSchedule, ResumeSchedule

    request = PauseSchedule(schedule_id) if pause else ResumeSchedule(schedule_id)
    with writing(wanted) as file:
        answer = asked(file, request)
    if as_json:
        next_at = None if pause else answer.next_at_ms
        write_json({"schedule": schedule_id, "changed": answer.changed, "paused": pause, "next_at": next_at})
    else:
        write(schedule_sentence(answer))


def schedule_sentence(answer: "ScheduleAcknowledged") -> str:
    """What became of a schedule, in words. Pure."""
    from actors.firing import moment_text

    if answer.paused:
        said = "is paused: it does not fire, its runs go on" if answer.changed else "was paused already"
    else:
        when = moment_text(answer.next_at_ms or 0, "")
        said = f"fires next at {when}" if answer.changed else f"was not paused; it fires next at {when}"
    return f"schedule {answer.id!r} {said}"
