"""Whatever is asked in whatever order, the rows agree after every commit and in the end everything ends, once."""

from pathlib import Path

import pytest

from tests.store.ends import judge_the_ends
from tests.store.model import Model

SEEDS = 240
BATCH = 40
STEPS = 60
STEPS_AGAIN = 25
"""After everything has ended: what is retried then ends again."""


@pytest.mark.parametrize("first", range(0, SEEDS, BATCH))
def test_whatever_happens_the_rows_agree_and_everything_ends_once(first: int, tmp_path: Path) -> None:
    met: dict[str, int] = {}
    deletions = 0
    retried: set[str] = set()
    for seed in range(first, first + BATCH):
        directory = tmp_path / str(seed)
        directory.mkdir()
        model = Model(seed, directory)
        try:
            model.submit()
            for steps in (STEPS, STEPS_AGAIN):
                for _ in range(steps):
                    model.step()
                model.let_everything_end()
                judge_the_ends(model.store)
        except BaseException as error:
            error.add_note(f"seed {seed}, after {' '.join(model.trace)}")
            raise
        finally:
            model.close()
        deletions += model.deletions
        retried |= model.retried.keys()
        for state, number in model.settled.items():
            met[state] = met.get(state, 0) + number
    # The sequences go where it hurts: attempts that count, that are stale, that come again after the end.
    assert met.keys() >= {"running", "stale", "completed"}
    assert deletions
    assert retried == {"open", "acknowledged", "nothing"}
