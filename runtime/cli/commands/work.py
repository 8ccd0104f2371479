"""``quaero work``: continue whatever the store holds."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from runtime.cli.arguments import ConfigOption, JsonOption, StoreOption
from runtime.cli.commands.run import DRAINING
from runtime.cli.exits import ExitCode
from runtime.cli.failures import CommandError
from runtime.cli.opening import reader_of, ready_runtime
from runtime.cli.output import tell, write_json, write_text
from runtime.cli.stranded import StrandedWork

if TYPE_CHECKING:
    from runtime.cli.attending import Attendance


def work(
    until_idle: Annotated[
        bool,
        typer.Option(
            "--until-idle",
            help="End when nothing is left that can be done here. Deliveries to webhooks that failed and are to be"
            " tried again later are not waited for; of other jobs it waits for such times too.",
        ),
    ] = False,
    store: StoreOption = None,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> int:
    """Work on whatever the store holds.

    That is what an earlier run left and what others submit. Ctrl-C drains, a second one stops at once.
    """
    from runtime.cli.attending import attended
    from runtime.cli.reporting import logs_told

    with logs_told() as logs:
        runtime = ready_runtime(store, config, adopts=True)
        logs.rendered_as(runtime)
        if until_idle:
            with reader_of(
                runtime.settings
            ):  # refuses a store that is not there: there is nothing to continue
                pass
        with attended(runtime) as attendance:
            tell(f"working on {runtime.settings.store}")
            waiting = StrandedWork(runtime)
            idle = attend(attendance, waiting, until_idle=until_idle)
            stranded = waiting.tell(last=True)
            left = attendance.runtime.reader.later_deliveries() if idle else None
    if attendance.failure:
        raise CommandError(
            f"the runtime stopped: {attendance.failure}",
            hint="what it was doing is kept; start it again",
            exit_code=ExitCode.FAILED,
        )
    later: dict[str, Any] = {}
    if left is not None and left.next_at is not None:
        later = {"deliveries_left": {"number": left.number, "next_at": left.next_at}}
        tell(left_for_later(left.number, left.next_at, runtime.assembly.clock.wall_ms()))
    if as_json:
        write_json({"idle": idle, "stranded": stranded, **later})
    elif idle:
        write_text("idle: nothing is left to do" + (" now" if later else ""))
    else:
        write_text("stopped: `quaero work` continues")
    return ExitCode.DONE


def left_for_later(number: int, next_at: int, now_ms: int) -> str:
    """Deliveries that are not waited for, as people are told of them. Pure, but for the local time zone."""
    from runtime.cli.layout import duration_text, time_text

    what = "a delivery to a webhook waits" if number == 1 else f"{number} deliveries to webhooks wait"
    when = f"{time_text(next_at)}, in {duration_text(max(next_at - now_ms, 0) / 1000)}"
    return f"{what} to be tried again, the next at {when}: whatever runtime is up then goes on with them"


def attend(attendance: "Attendance", waiting: StrandedWork, *, until_idle: bool) -> bool:
    """Show progress until nothing is left to do, or a signal or a failure stops it; returns whether it is idle."""
    from runtime.cli.progress.display import display
    from runtime.cli.progress.picture import RunningSteps

    runtime = attendance.runtime
    reader, assembly = runtime.reader, runtime.assembly
    running = RunningSteps(reader)
    with attendance.listening(), display() as shown:
        while True:
            idle = (
                until_idle
                and not reader.schedule_due(assembly.clock.wall_ms())
                and not reader.has_work(assembly.workers, assembly.managers, now_ms=assembly.clock.wall_ms())
            )
            last = idle or attendance.stopped
            shown.show(running.look(), assembly.clock.monotonic(), last=last)
            if last:
                break
            waiting.tell()
            # Plain lines keep their own distance; the end of all work is not to wait for it.
            attendance.pause(0.2, shown.most_seconds)
    if attendance.interrupted:
        tell(DRAINING)
    return idle
