"""``quaero cancel ID``: a run, a step or a job, with all below it.

The command is a short-lived writer without actors. Its first transaction acknowledges: from then on nothing below the
job is leased. Runtimes that run some of it notice by themselves; what nobody runs is ended here.
"""

from typing import TYPE_CHECKING, Annotated

import typer

from runtime.cli.arguments import ConfigOption, JobArgument, JsonOption, StoreOption
from runtime.cli.asking import answered, writing
from runtime.cli.opening import known_job, reader_of, settings
from runtime.cli.output import write, write_json

if TYPE_CHECKING:
    from actors.messages import CancelAcknowledged
    from runtime.settings import RuntimeSettings
    from runtime.store.commit import Commit
    from runtime.store.file import StoreFile


def cancel(
    job: JobArgument,
    *,
    reason: Annotated[str, typer.Option("--reason", metavar="TEXT", help="Why, for the record.")] = "",
    store: StoreOption = None,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Cancel a run, a step or a job.

    Nothing of it, or of what is below it, starts once this returns; what runs is told to stop.
    """
    wanted = settings(store, config)
    with reader_of(wanted) as reader:
        number = known_job(reader, job)
        changed = cancelled(wanted, number, reason).changed
        shown = reader.job(number)
    state = shown["state"] if shown is not None else "cancelled"
    if as_json:
        write_json({"id": job, "changed": changed, "state": state})
    else:
        write(sentence(job, state, changed=changed))


def sentence(job: str, state: str, *, changed: bool) -> str:
    """The acknowledgement in words. Pure."""
    from actors.job import JobState

    ended = JobState(state).terminal
    if not changed:
        return f"{job} had ended before: {state}" if ended else f"{job} was being cancelled already: {state}"
    if ended:
        return f"{job} is {state}"
    return f"{job} is being cancelled: nothing of it starts any more, what runs is told to stop"


def cancelled(wanted: "RuntimeSettings", number: int, reason: str) -> "CancelAcknowledged":
    """Cancel durably, and end what no runtime runs.

    Raises:
        StoreError: the store can not be written.
        CommandError: the store could not do it now.
    """
    from actors.messages import CancelJob

    with writing(wanted) as file:
        commits = file.commit([CancelJob(number, reason)], None, sweep=[])
        answer: CancelAcknowledged = answered(commits[0])
        dead, _ = file.tend(None)  # leases of dead runtimes: nobody else may be there to give them back
        _sweep(file, [*commits, *dead])
    return answer


def _sweep(file: "StoreFile", commits: "list[Commit]") -> None:
    """End, slice by slice, the rows below closing parents that nobody has leased."""
    while closing := sorted({parent for commit in commits for parent in commit.unsweeped}):
        commits = file.commit([], None, sweep=closing)
