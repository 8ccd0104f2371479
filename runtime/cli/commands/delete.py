"""``quaero delete ID``: an ended run, or a step or job of one, with all below it.

The command is a short-lived writer without actors. Its first transaction acknowledges: from then on nobody sees what
was deleted. Then it erases the rows, slice by slice, so that others can work; if it is interrupted, the next runtime on
the store goes on.
"""

from runtime.cli.arguments import ConfigOption, JobArgument, JsonOption, StoreOption
from runtime.cli.asking import asked, writing
from runtime.cli.opening import known_job, reader_of, settings
from runtime.cli.output import write, write_json


def delete(
    job: JobArgument, *, store: StoreOption = None, config: ConfigOption = None, as_json: JsonOption = False
) -> None:
    """Delete an ended run, or a step or job of one.

    What is below it goes too, with its log. The documents it saved stay, and its events until they are too old. A run
    that has not ended is refused.
    """
    from threading import Event

    from actors.messages import DeleteJob

    wanted = settings(store, config)
    with reader_of(wanted) as reader:
        number = known_job(reader, job)
    with writing(wanted) as file:
        jobs = asked(file, DeleteJob(number)).jobs
        file.pruning.erase(Event().wait)
    if as_json:
        write_json({"id": job, "jobs": jobs})
    else:
        write(f"{job} is deleted, {jobs} job{'' if jobs == 1 else 's'} with it")
