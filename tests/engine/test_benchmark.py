"""The engine's costs, with room for a busy machine; `quaero bench engine` shows them as they are."""

import time

from runtime.engine import benchmark
from tests.machine import slowness


def test_the_engine_is_of_the_speed_it_was_built_for() -> None:
    figures = benchmark.measure_engine()
    factor = slowness(time.monotonic)
    assert figures.idle_actor_bytes <= 1_700
    assert figures.hop_us < 10 * factor
    assert figures.spawn_us < 50 * factor
    assert figures.lives_per_100k_seconds < 10 * factor
    assert figures.ask_us < 500 * factor
    assert figures.open_ms < 50 * factor
