"""``quaero pause ID`` or ``--type TYPE``: acknowledged when durable, also beside runtimes that work on the store."""

from runtime.cli.arguments import ConfigOption, JsonOption, StoreOption
from runtime.cli.pausing import PausedArgument, TypeOption, change


def pause(
    job: PausedArgument = None,
    *,
    job_type: TypeOption = None,
    store: StoreOption = None,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Start nothing new of a run, a step, a job or a worker type.

    What runs goes on to its end, and so do time limits. It stays paused, for every runtime on the store, until
    `quaero resume`.
    """
    change(job, job_type, pause=True, store=store, config=config, as_json=as_json)
