import pytest

from runtime.cli.progress.pace import WINDOW_SECONDS, Pace


def test_one_sample_is_no_rate() -> None:
    pace = Pace()
    pace.note(0.0, 5)
    assert pace.rate() == 0.0
    assert pace.seconds_left(10) is None


def test_the_rate_is_what_ended_over_the_time_it_took() -> None:
    pace = Pace()
    pace.note(10.0, 0)
    pace.note(14.0, 20)
    assert pace.rate() == pytest.approx(5.0)
    assert pace.seconds_left(15) == pytest.approx(3.0)


def test_what_lies_before_the_window_no_longer_counts() -> None:
    pace = Pace()
    for second in range(100):
        pace.note(float(second), min(second, 50) * 10)
    assert WINDOW_SECONDS < 49
    assert pace.rate() == 0.0


def test_nothing_left_takes_no_time_however_slow() -> None:
    assert Pace().seconds_left(0) == 0.0


def test_two_samples_of_one_moment_are_no_rate() -> None:
    pace = Pace()
    pace.note(1.0, 0)
    pace.note(1.0, 9)
    assert pace.rate() == 0.0
