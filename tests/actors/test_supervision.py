"""Restart intensity: how many restarts in which time are too many."""

from hypothesis import given
from hypothesis import strategies as st

from actors.supervision import RestartIntensity, add_restart


def test_one_restart_more_than_allowed_within_the_period_is_too_many() -> None:
    intensity, restarts, verdicts = RestartIntensity(3, 10.0), tuple[float, ...](), []
    for now in (0.0, 1.0, 2.0, 3.0):
        restarts, too_many = add_restart(restarts, now, intensity)
        verdicts.append(too_many)
    assert verdicts == [False, False, False, True]


def test_restarts_that_are_long_past_do_not_count() -> None:
    restarts: tuple[float, ...] = ()
    for now in range(0, 1000, 10):
        restarts, too_many = add_restart(restarts, float(now), RestartIntensity(1, 10.0))
        assert not too_many
        assert restarts == (float(now),)


def test_an_intensity_of_zero_allows_none() -> None:
    assert add_restart((), 5.0, RestartIntensity(0, 10.0)) == ((5.0,), True)


@given(st.lists(st.floats(0, 100), max_size=40), st.integers(0, 5), st.floats(0.1, 50))
def test_the_verdict_is_the_number_of_restarts_in_the_last_period(
    times: list[float], most: int, period: float
) -> None:
    restarts: tuple[float, ...] = ()
    for number, now in enumerate(sorted(times), 1):
        restarts, too_many = add_restart(restarts, now, RestartIntensity(most, period))
        within = sum(now - each < period for each in sorted(times)[:number])
        assert too_many == (within > most)
        assert len(restarts) <= number
