"""``quaero logs ID``: the log lines of a run, step or job, and new ones as they are committed."""

from typing import Annotated, Any

import typer

from actors.job import JobState, LogLevel
from runtime.cli.arguments import AfterOption, ConfigOption, JobArgument, JsonOption, LimitOption, StoreOption
from runtime.cli.following import FollowOption, commits
from runtime.cli.opening import known_job, reading
from runtime.cli.output import write_json_line, write_text

_PAGE = 10_000


def logs(
    job: JobArgument,
    *,
    follow: FollowOption = False,
    level: Annotated[LogLevel | None, typer.Option("--level", help="Only lines of this level.")] = None,
    after: AfterOption = 0,
    limit: LimitOption = None,
    store: StoreOption = None,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Print the log of a run, step or job.

    Of a run or step with the lines of all jobs below. With --json one object per line. With --follow it goes on with
    new lines and ends when the job has ended.
    """
    left = limit
    with reading(store, config) as reader:
        number = known_job(reader, job)
        for _ in commits(reader, follow=follow):
            # The state first: lines that are committed before the end are then read after it.
            found = reader.job(number)
            ended = found is None or JobState(found["state"]).terminal
            while page := reader.logs(
                number, after=after, level=level, limit=_PAGE if left is None else min(left, _PAGE)
            ):
                for entry in page:
                    if not (write_json_line(entry) if as_json else write_text(line(entry))):
                        return
                after = page[-1]["number"]
                if left is not None and (left := left - len(page)) <= 0:
                    return
            if ended:
                return


def line(entry: dict[str, Any]) -> str:
    """One log line as people read it. Pure."""
    from runtime.cli.layout import time_text

    return f"{time_text(entry['time'])} {entry['level']:7} {entry['job_id']}  {entry['text']}"
