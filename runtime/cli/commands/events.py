"""``quaero events``: what happened, in the order of the commits, and goes on happening."""

from typing import Annotated

import msgspec
import typer

from actors.job import JobState
from actors.messages import Event
from runtime.cli.arguments import AfterOption, ConfigOption, JsonOption, LimitOption, RunOption, StoreOption
from runtime.cli.following import FollowOption, commits
from runtime.cli.opening import known_run, reading
from runtime.cli.output import write_json_line, write_text


def events(
    *,
    after: AfterOption = 0,
    follow: FollowOption = False,
    run: RunOption = None,
    event_type: Annotated[
        str | None,
        typer.Option("--type", metavar="TYPE", help="Only of this type, such as job_status_change."),
    ] = None,
    limit: LimitOption = None,
    store: StoreOption = None,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Print what happened, in order.

    No event is skipped. With --json one object per line. With --follow it goes on with new events; with --run too, it
    ends when that run has ended.
    """
    from runtime.store.events import event_object
    from runtime.store.reading.records import EventFilter

    left = limit
    with reading(store, config) as reader:
        run_id = known_run(reader, run)
        wanted = EventFilter(run_id, event_type)
        for _ in commits(reader, follow=follow):
            state = None if run_id is None else reader.run_state(run_id)
            while True:
                found, reached = reader.events(after, wanted)
                for event in found if left is None else found[:left]:
                    if not (write_json_line(event_object(event)) if as_json else write_text(line(event))):
                        return
                if left is not None and (left := left - len(found)) <= 0:
                    return
                if reached == after:
                    break
                after = reached
            if state is not None and JobState(state).terminal:
                return


def line(event: Event) -> str:
    """One event as people read it. Pure."""
    from actors.ids import id_text
    from runtime.cli.layout import time_text

    job = "" if event.job_id == event.run_id else f" job {id_text(event.job_id)}"
    data = msgspec.json.encode(event.data).decode() if event.data else ""
    return f"{event.seq:>8} {time_text(event.time_ms)} {event.type} run {id_text(event.run_id)}{job} {data}".rstrip()
