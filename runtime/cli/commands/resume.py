"""``quaero resume ID`` or ``--type TYPE``: acknowledged when durable, also beside runtimes that work on the store."""

from runtime.cli.arguments import ConfigOption, JsonOption, StoreOption
from runtime.cli.pausing import PausedArgument, TypeOption, change


def resume(
    job: PausedArgument = None,
    *,
    job_type: TypeOption = None,
    store: StoreOption = None,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Take a pause back.

    A step that was paused by itself stays paused when its run is resumed.
    """
    change(job, job_type, pause=False, store=store, config=config, as_json=as_json)
