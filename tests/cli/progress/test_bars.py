from actors.job import Counts, JobState
from runtime.cli.progress.bars import words
from runtime.cli.progress.pace import Pace
from runtime.cli.progress.picture import StepPicture


def _pace(*samples: tuple[float, int]) -> Pace:
    pace = Pace()
    for now, finished in samples:
        pace.note(now, finished)
    return pace


def test_the_words_are_done_of_known_failed_rate_and_time_left() -> None:
    step = StepPicture("1", "crawl", JobState.RUNNING, Counts(108, 0, 66, 1, 40, 1), total_final=True)
    assert words(step, _pace((0.0, 1), (10.0, 41))) == "41/108 done, 1 failed, 4.0/s, 17 s left"


def test_a_total_that_may_grow_is_marked() -> None:
    step = StepPicture("1", "crawl", JobState.RUNNING, Counts(10, pending=10), total_final=False)
    assert words(step, Pace()) == "0/10+ done, 0 failed"


def test_an_ended_step_says_how_it_ended_and_no_time_left() -> None:
    step = StepPicture("1", "a", JobState.CANCELLED, Counts(9, completed=4, cancelled=5), total_final=True)
    assert words(step, _pace((0.0, 0), (1.0, 9))) == "9/9 done, 0 failed, 5 cancelled, cancelled"
