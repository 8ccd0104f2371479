"""``quaero bench latency``: one no-op child on an idle runtime, from submit to completion."""

from runtime.cli.arguments import ConfigOption, JsonOption, StoreOption
from runtime.cli.commands.bench.options import Synchronous, SynchronousOption, show


def latency(
    synchronous: SynchronousOption = Synchronous.FULL,
    store: StoreOption = None,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Measure how long one job takes on an idle runtime: percentiles in milliseconds."""
    from runtime.benchmark import latency as benchmark

    show(benchmark.measure(synchronous=synchronous.value), as_json=as_json)
