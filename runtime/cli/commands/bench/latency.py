"""``quaero bench latency``: one no-op child on an idle runtime, from submit to completion."""

from typing import Annotated

import typer

from runtime.cli.arguments import ConfigOption, JsonOption, StoreOption
from runtime.cli.commands.bench.options import Synchronous, SynchronousOption, scratch, show


def latency(
    *,
    runs: Annotated[int, typer.Option("--runs", min=1, help="Jobs, one after the other.")] = 300,
    synchronous: SynchronousOption = Synchronous.FULL,
    store: StoreOption = None,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Measure how long one job takes on an idle runtime.

    In milliseconds, from submit to completion, in a store of its own made and removed in the directory of the store.
    """
    from runtime.benchmark import latency as benchmark

    with scratch(store, config) as directory:
        found = benchmark.measure(runs=runs, synchronous=synchronous.value, directory=directory)
    show(found, as_json=as_json)
