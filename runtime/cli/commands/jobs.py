"""``quaero jobs``: the runs, steps and jobs of a store."""

from typing import Annotated, Any

import typer

from actors.job import JobKind, JobState
from runtime.cli.arguments import ConfigOption, JsonOption, LimitOption, RunOption, StoreOption
from runtime.cli.opening import known_job, known_run, reading
from runtime.cli.output import write_columns, write_json

HEADERS = ("ID", "KIND", "STATE", "CREATED", "ATTEMPT", "NAME", "PROGRESS, ERROR")


def jobs(
    *,
    state: Annotated[JobState | None, typer.Option("--state", help="Only in this state.")] = None,
    kind: Annotated[JobKind | None, typer.Option("--kind", help="Only of this kind.")] = None,
    job_type: Annotated[
        str | None,
        typer.Option("--type", metavar="TYPE", help="Only of this job type, action or definition."),
    ] = None,
    run: RunOption = None,
    after: Annotated[
        str | None, typer.Option("--after", metavar="ID", help="Go on behind this one: the next page.")
    ] = None,
    newest_first: Annotated[bool, typer.Option("--newest-first", help="The newest first.")] = False,
    limit: LimitOption = None,
    store: StoreOption = None,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """List runs, steps and jobs, the oldest first.

    `--kind run` leaves out those that deliver to webhooks; `--type webhook:NAME` lists them.
    """
    from runtime.store.reading.jobs import JobFilter

    with reading(store, config) as reader:
        wanted = JobFilter(
            state=state,
            kind=kind,
            type=job_type,
            run_id=known_run(reader, run),
            after=None if after is None else known_job(reader, after),
            limit=limit,
            newest_first=newest_first,
            deliveries=kind is not JobKind.RUN or job_type is not None or run is not None,
        )
        found = reader.jobs(wanted)
    if as_json:
        write_json(found)
        return
    write_table(found)


def write_table(found: list[dict[str, Any]]) -> None:
    """The jobs as lines of aligned columns."""
    write_columns(HEADERS, map(row, found))


def row(job: dict[str, Any]) -> tuple[str, ...]:
    """One job as the cells of ``HEADERS``. Pure."""
    from runtime.cli.layout import time_text

    attempt = f"{job['attempt']}/{job['max_attempts']}" if job["kind"] == "job" else ""
    parts = (job["progress"]["text"] if "progress" in job else "", job.get("error", ""))
    last = "; ".join(filter(None, parts))
    created = time_text(job["created_at"])
    return (job["id"], job["kind"], job["state"], created, attempt, job["name"], last)
