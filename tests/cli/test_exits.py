import pytest

from actors.job import JobState
from runtime.cli.exits import exit_code_of


@pytest.mark.parametrize(
    ("state", "code"),
    [
        (JobState.COMPLETED, 0),
        (JobState.FAILED, 1),
        (JobState.CANCELLED, 1),
        (JobState.COMPLETED_WITH_FAILURES, 3),
        (JobState.RUNNING, 130),
        (JobState.PENDING, 130),
    ],
)
def test_the_exit_code_follows_from_the_runs_last_state(state: JobState, code: int) -> None:
    assert exit_code_of(state) == code
