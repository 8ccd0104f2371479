"""``quaero run FILE``: one run of a definition, from its file to its end."""

import os
from typing import TYPE_CHECKING, Annotated, Any

import typer

from actors.job import JobState
from runtime.cli.arguments import ConfigOption, DefinitionArgument, JsonOption, StoreOption
from runtime.cli.exits import ExitCode, exit_code_of
from runtime.cli.failures import CommandError
from runtime.cli.naming import loaded
from runtime.cli.opening import reader_of, ready_runtime
from runtime.cli.output import tell, write_json, write_text
from runtime.cli.stranded import StrandedWork

if TYPE_CHECKING:
    from runtime.cli.attending import Attendance
    from runtime.embedding import Runtime
    from runtime.run import Run

DRAINING = (
    "stopping: what runs may end, nothing new starts. Once more to stop at once;"
    " `quaero work --until-idle` continues"
)

DELIVER_SECONDS = 5.0
"""After the end of the run, for webhooks to hear of it."""


def run(
    wanted: DefinitionArgument,
    key: Annotated[
        str | None,
        typer.Option(
            "--key",
            metavar="TEXT",
            help="The same key always gives the same run, also once its definition is gone; another one is refused.",
            show_default=False,
        ),
    ] = None,
    store: StoreOption = None,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> int:
    """Run a job definition to its end.

    The definitions that it names in pre_jobs and post_jobs are run before and after it. Meanwhile it works on whatever
    else the store holds. Ctrl-C drains, a second one stops at once.
    """
    from runtime.admission import admitted_key
    from runtime.cli.attending import attended
    from runtime.cli.reporting import logs_told
    from runtime.definitions import DefinitionError
    from runtime.refusal import RefusedError
    from runtime.telemetry.incoming import of_request

    try:
        admitted_key(key)
    except RefusedError as error:
        raise CommandError(str(error)) from error
    with logs_told() as logs:
        runtime = ready_runtime(store, config)
        logs.rendered_as(runtime)
        try:
            definition, warnings = loaded(runtime, wanted)
            known_as = definition.id
        except (DefinitionError, CommandError):
            if not is_repeated(runtime, wanted, key):
                raise
            known_as, warnings = wanted, []
        of_request(os.environ.get("TRACEPARENT"), os.environ.get("TRACESTATE", ""))
        with attended(runtime) as attendance:
            started = runtime.submit(wanted, key=key)
            tell(f"run {started.id} of {known_as} in {runtime.settings.store}")
            ended = attend(attendance, started)
            if ended:
                deliver(attendance)
    if attendance.failure:
        raise CommandError(
            f"the runtime stopped: {attendance.failure}",
            hint=f"run {started.id} is kept; `quaero work --until-idle` continues it",
            exit_code=ExitCode.FAILED,
        )
    with reader_of(runtime.settings) as reader:
        shown: Any = reader.run(started.number)
    shown["warnings"] = [*warnings, *shown["warnings"]]
    if not JobState(shown["state"]).terminal:
        shown["duration_seconds"] = max(0, runtime.assembly.clock.wall_ms() - shown["created_at"]) / 1000
    if as_json:
        write_json(shown)
    else:
        write_text("\n".join(summary(shown)))
    return int(exit_code_of(shown["state"]) if ended else ExitCode.INTERRUPTED)


def is_repeated(runtime: "Runtime", wanted: str, key: str | None) -> bool:
    """Whether the key stands for a run of just this, made when it was not refused yet."""
    from runtime.repeating import fingerprint_of_refused
    from runtime.store.database import StoreError

    if key is None or (said := fingerprint_of_refused(wanted, runtime.assembly.managers)) is None:
        return False
    try:
        with reader_of(runtime.settings) as reader:
            return reader.run_of_request(key, said) is not None
    except StoreError:  # what is wrong with the definition is what is told
        return False


def attend(attendance: "Attendance", started: "Run") -> bool:
    """Attend the run and then its post-jobs; returns whether all have ended."""
    ended = watch(attendance, started)
    while ended and (following := attendance.runtime.reader.following(started.number)):
        after = attendance.runtime.run(following[0])
        tell(f"run {started.id} has ended; its post-job, run {after.id}, goes on")
        ended = watch(attendance, after)
    return ended


def deliver(attendance: "Attendance") -> None:
    """Let webhooks hear of the run's end; what can not be delivered within some seconds waits for the next runtime."""
    from actors.webhooks.webhook import DELIVERY

    reader, clock = attendance.runtime.reader, attendance.runtime.assembly.clock
    if not reader.webhooks():
        return
    until = clock.monotonic() + DELIVER_SECONDS
    while clock.monotonic() < until and not attendance.stopped:
        (queue,) = (each for each in reader.queues((DELIVERY,)) if each["type"] == DELIVERY)
        if not (reader.events_to_deliver() or queue["pending"] or queue["running"]):
            return
        attendance.pause(0.02, 0.1)


def watch(attendance: "Attendance", started: "Run") -> bool:
    """Show progress until the run has ended, or a signal or a failure stops it; returns whether it has ended."""
    from runtime.cli.progress.display import display
    from runtime.cli.progress.picture import steps_of_run

    reader, clock = attendance.runtime.reader, attendance.runtime.assembly.clock
    waiting = StrandedWork(attendance.runtime)
    with attendance.listening(started.number), display() as shown:
        while True:
            ended = started.state.terminal
            last = ended or attendance.stopped
            shown.show(steps_of_run(reader, started.number), clock.monotonic(), last=last)
            if last:
                break
            waiting.tell()
            attendance.pause(shown.least_seconds, shown.most_seconds)
    if not ended and attendance.interrupted:
        tell(DRAINING)
    return ended


def summary(shown: dict[str, Any]) -> list[str]:
    """How the run ended, as people read it. Pure."""
    from actors.job import Counts
    from runtime.cli.layout import duration_text

    duration = duration_text(shown["duration_seconds"])
    lines = [f"run {shown['run_id']} of {shown['definition_id']}: {shown['state']} after {duration}"]
    lines += [
        f"  {step['name']}: {step['state']}, {Counts(**step['counts']).text()}" for step in shown["steps"]
    ]
    lines += [
        f"  {link['role'].replace('_', '-')} {link['definition_id']} (run {link['run_id']}): {link['state']}"
        for link in shown.get("links", ())
    ]
    lines.append(f"  documents: {shown['documents']}")
    lines += [f"  error: {error}" for error in shown["errors"]]
    return lines
