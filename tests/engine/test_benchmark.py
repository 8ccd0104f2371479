"""The engine's costs, with room for a busy machine; `quaero bench engine` shows them as they are."""

import pytest

from runtime.engine import benchmark


@pytest.mark.timeout(110)
def test_the_engine_is_of_the_speed_it_was_built_for() -> None:
    figures = benchmark.measure_engine()
    assert figures.idle_actor_bytes <= 1_700
    assert figures.hop_us < 10
    assert figures.spawn_us < 50
    assert figures.lives_per_100k_seconds < 10
    assert figures.ask_us < 500
    assert figures.open_ms < 50
