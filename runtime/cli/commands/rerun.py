"""``quaero rerun ID``: a new run of an old one's definition; acknowledged when durable."""

from typing import Any

from runtime.cli.arguments import ConfigOption, JobArgument, JsonOption, StoreOption
from runtime.cli.asking import asked, writing
from runtime.cli.opening import known_job, reader_of, settings
from runtime.cli.output import write, write_json


def rerun(
    job: JobArgument, *, store: StoreOption = None, config: ConfigOption = None, as_json: JsonOption = False
) -> None:
    """Make a new run of what an old one was asked to do.

    Of a run the same definition; of a step a run of that one step; of a job a run with that one payload. The old one
    stays as it is, whatever became of it. The new run is done by a running `quaero work`, or the next.
    """
    from actors.ids import id_text
    from actors.messages import RerunGoesOn, RerunJob

    wanted = settings(store, config)
    with reader_of(wanted) as reader:
        number = known_job(reader, job)
    with writing(wanted) as file:
        new = file.ids.next()
        answer: Any = asked(file, RerunJob(number, new))
        while isinstance(answer, RerunGoesOn):
            answer = asked(file, RerunJob(number, new, answer.progress))
    if as_json:
        write_json({"id": job, "run_id": id_text(new)})
    else:
        write(f"run {id_text(new)} was made of {job}; a running `quaero work` takes it up")
