"""``quaero retry ID [--failed]``: acknowledged when durable, also beside runtimes that work on the store."""

from typing import Annotated

import typer

from runtime.cli.arguments import ConfigOption, JobArgument, JsonOption, StoreOption
from runtime.cli.asking import asked, writing
from runtime.cli.opening import known_job, reader_of, settings
from runtime.cli.output import write, write_json


def retry(
    job: JobArgument,
    *,
    failed: Annotated[
        bool, typer.Option("--failed", help="Only what failed; what was cancelled stays so.")
    ] = False,
    store: StoreOption = None,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Open what failed or was cancelled of an ended run again.

    Of a step or a job of one only that. Attempts, time limits and error tolerance are counted anew; what completed is
    not run again.
    """
    from actors.ids import id_text
    from actors.messages import RetryJob

    wanted = settings(store, config)
    with reader_of(wanted) as reader:
        number = known_job(reader, job)
    with writing(wanted) as file:
        answer = asked(file, RetryJob(number, failed))
    if as_json:
        write_json(
            {
                "id": job,
                "run_id": id_text(answer.run_id),
                "jobs": answer.jobs,
                "state": answer.state.value,
            }
        )
    else:
        write(sentence(job, answer.jobs, answer.state))


def sentence(job: str, jobs: int, state: str) -> str:
    """What became of it, in words. Pure."""
    from actors.job import JobState

    if JobState(state).terminal:
        return f"{job} had nothing left to do: {state}"
    what = f"{jobs} job{'' if jobs == 1 else 's'}"
    return f"{job} goes on with {what}; a running `quaero work` takes them up"
