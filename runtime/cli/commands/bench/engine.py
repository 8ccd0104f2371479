"""``quaero bench engine``: the actor engine by itself: hop, spawn, lives, ask."""

from runtime.cli.arguments import ConfigOption, JsonOption, StoreOption
from runtime.cli.commands.bench.options import measuring, show


def engine(
    *,
    store: StoreOption = None,  # noqa: ARG001 - every command takes it; this one has no store
    config: ConfigOption = None,  # noqa: ARG001 - as store
    as_json: JsonOption = False,
) -> None:
    """Measure the actor engine: a hop, a spawn, 100 000 lives, an ask from outside."""
    from runtime.benchmark import engine as benchmark

    with measuring():
        found = benchmark.measure()
    show(found, as_json=as_json)
