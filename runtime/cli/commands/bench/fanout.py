"""``quaero bench fanout``: no-op children of parents, from submit to the parents' completion."""

from typing import Annotated

import typer

from runtime.cli.arguments import ConfigOption, JsonOption, StoreOption
from runtime.cli.commands.bench.options import Synchronous, SynchronousOption, show


def fanout(
    children: Annotated[int, typer.Option("--children", min=1, help="Of each parent.")] = 100_000,
    parents: Annotated[int, typer.Option("--parents", min=1, help="At once.")] = 1,
    synchronous: SynchronousOption = Synchronous.FULL,
    store: StoreOption = None,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Measure jobs per second, submit to completion, and the raw sqlite3 floor for the same rows."""
    from runtime.benchmark import fanout as benchmark

    show(
        benchmark.measure(children=children, parents=parents, synchronous=synchronous.value), as_json=as_json
    )
