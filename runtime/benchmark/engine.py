"""The actor engine alone: hops, spawns, lives and asks."""

from runtime.engine.benchmark import EngineFigures, measure_engine


def measure() -> EngineFigures:
    """Measure the engine in this process."""
    return measure_engine()
