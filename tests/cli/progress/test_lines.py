from actors.job import Counts, JobState
from runtime.cli.progress.lines import PlainLines
from runtime.cli.progress.picture import StepPicture


def _crawl(*, completed: int = 0, total: int = 10, state: JobState = JobState.RUNNING) -> StepPicture:
    return StepPicture(
        "1", "crawl", state, Counts(total, pending=total - completed, completed=completed), total_final=False
    )


def test_a_line_has_the_step_and_its_counts() -> None:
    told: list[str] = []
    PlainLines(told.append).show(
        [StepPicture("1", "crawl", JobState.RUNNING, Counts(108, 0, 66, 1, 41), total_final=False)], 0.0
    )
    assert told == ["crawl: 66 pending, 1 running, 41 completed, 0 failed"]


def test_what_did_not_change_is_not_told_again() -> None:
    told: list[str] = []
    lines = PlainLines(told.append)
    for second in range(5):
        lines.show([_crawl(completed=1)], float(second))
    assert len(told) == 1


def test_changes_within_a_second_wait_and_the_last_state_is_always_told() -> None:
    told: list[str] = []
    lines = PlainLines(told.append)
    for completed in range(1, 8):
        lines.show([_crawl(completed=completed)], completed / 10)
    lines.show([_crawl(completed=10, state=JobState.COMPLETED)], 0.9, last=True)
    assert told == [
        "crawl: 9 pending, 0 running, 1 completed, 0 failed",
        "crawl: 0 pending, 0 running, 10 completed, 0 failed (completed)",
    ]


def test_an_end_soon_after_another_line_is_told_though_it_is_shown_that_once_only() -> None:
    told: list[str] = []
    lines = PlainLines(told.append)
    lines.show([_crawl(completed=1)], 0.0)
    lines.show([_crawl(completed=10, state=JobState.COMPLETED)], 0.2)
    lines.show([], 0.4, last=True)
    assert told == [
        "crawl: 9 pending, 0 running, 1 completed, 0 failed",
        "crawl: 0 pending, 0 running, 10 completed, 0 failed (completed)",
    ]


def test_an_end_that_goes_on_being_shown_is_told_once() -> None:
    told: list[str] = []
    lines = PlainLines(told.append)
    for tenth in range(30):
        lines.show([_crawl(completed=10, state=JobState.COMPLETED)], tenth / 10, last=tenth == 29)
    assert told == ["crawl: 0 pending, 0 running, 10 completed, 0 failed (completed)"]


def test_ends_that_follow_each_other_do_not_keep_back_a_step_that_goes_on() -> None:
    told: list[str] = []
    lines = PlainLines(told.append)
    for half in range(4):
        end = StepPicture(f"e{half}", f"e{half}", JobState.FAILED, Counts(), total_final=True)
        lines.show([end, _crawl(completed=half)], half / 2)
    assert [each for each in told if each.startswith("crawl")] == [
        "crawl: 10 pending, 0 running, 0 completed, 0 failed",
        "crawl: 8 pending, 0 running, 2 completed, 0 failed",
    ]


def test_a_step_that_has_no_children_yet_is_told_when_it_has() -> None:
    told: list[str] = []
    lines = PlainLines(told.append)
    lines.show([_crawl(total=0)], 0.0)
    lines.show([_crawl(total=3)], 0.1)
    assert told == ["crawl: 3 pending, 0 running, 0 completed, 0 failed"]


def test_a_step_without_children_that_ended_is_told() -> None:
    told: list[str] = []
    PlainLines(told.append).show([_crawl(total=0, state=JobState.CANCELLED)], 0.0)
    assert told == ["crawl: 0 pending, 0 running, 0 completed, 0 failed (cancelled)"]


def test_a_steps_name_can_not_command_the_terminal() -> None:
    told: list[str] = []
    PlainLines(told.append).show(
        [StepPicture("1", "a\x1b[2J", JobState.FAILED, Counts(), total_final=True)], 0.0
    )
    assert "\x1b" not in told[0]
