"""``quaero bench fanout``: no-op children of parents, from submit to the parents' completion."""

from typing import Annotated

import typer

from runtime.cli.arguments import ConfigOption, JsonOption, StoreOption
from runtime.cli.commands.bench.options import Synchronous, SynchronousOption, scratch, show
from runtime.cli.exits import ExitCode
from runtime.cli.failures import CommandError


def fanout(
    *,
    children: Annotated[int, typer.Option("--children", min=1, help="Of each parent.")] = 100_000,
    parents: Annotated[int, typer.Option("--parents", min=1, help="At once.")] = 1,
    synchronous: SynchronousOption = Synchronous.FULL,
    store: StoreOption = None,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Measure jobs per second, submit to completion.

    Beside it the floor is measured: the same rows, written by bare sqlite3. Both use stores of their own, made and
    removed in the directory of the store.
    """
    from runtime.benchmark import fanout as benchmark

    try:
        with scratch(store, config) as directory:
            found = benchmark.measure(
                children=children, parents=parents, synchronous=synchronous.value, directory=directory
            )
    except benchmark.IncompleteRunError as error:
        raise CommandError(f"nothing was measured: {error}", exit_code=ExitCode.FAILED) from error
    show(found, as_json=as_json)
