"""``quaero pause ID`` or ``--type TYPE`` or ``--schedule ID``: acknowledged when durable.

Also beside runtimes that work on the store.
"""

from runtime.cli.arguments import ConfigOption, JsonOption, StoreOption
from runtime.cli.pausing import PausedArgument, TypeOption, change
from runtime.cli.pausing_schedules import ScheduleOption


def pause(
    job: PausedArgument = None,
    *,
    job_type: TypeOption = None,
    schedule: ScheduleOption = None,
    store: StoreOption = None,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Start nothing new of a run, a step, a job, a worker type or a schedule.

    What runs goes on to its end, and so do time limits. It stays paused, for every runtime on the store, until
    `quaero resume`.
    """
    change(job, job_type, schedule, pause=True, store=store, config=config, as_json=as_json)
