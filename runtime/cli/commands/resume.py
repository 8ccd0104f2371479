"""``quaero resume ID`` or ``--type TYPE`` or ``--schedule ID``: acknowledged when durable.

Also beside runtimes that work on the store.
"""

from runtime.cli.arguments import ConfigOption, JsonOption, StoreOption
from runtime.cli.pausing import PausedArgument, TypeOption, change
from runtime.cli.pausing_schedules import ScheduleOption


def resume(
    job: PausedArgument = None,
    *,
    job_type: TypeOption = None,
    schedule: ScheduleOption = None,
    store: StoreOption = None,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Take a pause back.

    A step that was paused by itself stays paused when its run is resumed.
    """
    change(job, job_type, schedule, pause=False, store=store, config=config, as_json=as_json)
