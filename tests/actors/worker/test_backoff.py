"""How long a failed attempt waits: it grows, it is bounded, and nothing that comes from outside can break it."""

import math

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.job import OnError, Step
from actors.seams import SeededRandom
from actors.worker.backoff import MAX_ASKED_SECONDS, backoff_ms, options_in
from actors.worker.contract import WorkerOptions

options = st.builds(
    WorkerOptions,
    backoff_seconds=st.floats(0, 1000),
    backoff_multiplier=st.floats(1, 1e9),
    max_backoff_seconds=st.floats(0, 100_000),
    jitter=st.floats(0, 1),
)
attempts = st.integers(1, 10_000)


def plain(attempt: int, **changed: float) -> int:
    return backoff_ms(attempt, WorkerOptions(jitter=0.0, **changed), SeededRandom(1))  # type: ignore[arg-type]


def test_it_doubles_up_to_the_limit() -> None:
    assert [plain(attempt, max_backoff_seconds=10.0) for attempt in range(1, 7)] == [
        1000,
        2000,
        4000,
        8000,
        10_000,
        10_000,
    ]


@given(attempts, options, st.integers(), st.integers(0, 1_000_000))
def test_it_stays_between_nothing_and_the_limit(
    attempt: int, given_options: WorkerOptions, seed: int, first_ms: int
) -> None:
    wait = backoff_ms(attempt, given_options, SeededRandom(seed), first_ms=first_ms)
    assert 0 <= wait <= round(given_options.max_backoff_seconds * 1000)


@given(attempts, options)
def test_without_jitter_it_never_shrinks(attempt: int, given_options: WorkerOptions) -> None:
    calm = msgspec.structs.replace(given_options, jitter=0.0)
    assert backoff_ms(attempt, calm, SeededRandom(1)) <= backoff_ms(attempt + 1, calm, SeededRandom(1))


@given(attempts, options, st.integers())
def test_jitter_takes_away_at_most_its_share(attempt: int, given_options: WorkerOptions, seed: int) -> None:
    calm = backoff_ms(attempt, msgspec.structs.replace(given_options, jitter=0.0), SeededRandom(seed))
    wait = backoff_ms(attempt, given_options, SeededRandom(seed))
    assert calm * (1 - given_options.jitter) - 1 <= wait <= calm


def test_the_jobs_own_first_backoff_goes_before_the_types() -> None:
    calm = WorkerOptions(jitter=0.0)
    assert backoff_ms(2, calm, SeededRandom(1), first_ms=50) == 100


@pytest.mark.parametrize(
    ("asked", "wait"),
    [
        (None, 1000),
        (0.5, 1000),
        (7.25, 7250),
        (-5.0, 1000),
        (math.nan, 1000),
        (math.inf, MAX_ASKED_SECONDS * 1000),
        (1e300, MAX_ASKED_SECONDS * 1000),
    ],
)
def test_what_the_other_side_asks_for_is_waited_within_reason(asked: float | None, wait: float) -> None:
    assert backoff_ms(1, WorkerOptions(jitter=0.0), SeededRandom(1), asked_seconds=asked) == wait


def test_the_waits_of_a_step_go_before_the_types_if_the_step_tries_again() -> None:
    own = WorkerOptions(backoff_seconds=1, max_backoff_seconds=300)
    step = Step("a", "act", initial_backoff_seconds=5, backoff_multiplier=3)

    assert options_in(step, own) == own
    within = options_in(msgspec.structs.replace(step, on_error=OnError.RETRY), own)
    assert (within.backoff_seconds, within.backoff_multiplier, within.max_backoff_seconds) == (5, 3, 300)
    assert options_in(Step("a", "act", on_error=OnError.RETRY), own) is own


def test_what_fails_together_does_not_come_back_together() -> None:
    waits = [backoff_ms(1, WorkerOptions(jitter=0.5), SeededRandom(seed)) for seed in range(40)]
    assert 500 <= min(waits) < 650
    assert 850 < max(waits) <= 1000
    assert len(set(waits)) > 30


@pytest.mark.parametrize(("asked", "wait"), [(None, 0), (0.0, 0), (0.25, 250)])
def test_without_a_backoff_only_what_the_other_side_asks_for_is_waited(
    asked: float | None, wait: int
) -> None:
    options = WorkerOptions(backoff_seconds=0.0, jitter=0.0)
    assert backoff_ms(1, options, SeededRandom(1), asked_seconds=asked) == wait
