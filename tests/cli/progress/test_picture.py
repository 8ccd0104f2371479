from actors.ids import parse_id
from actors.job import Counts, JobState
from actors.messages import CancelJob
from actors.seams import SystemClock
from runtime.cli.progress.picture import RunningSteps, StepPicture, steps_of_run
from runtime.store.file import StoreFile
from runtime.store.reading.reader import StoreReader
from tests.cli.filling import Filled


def test_the_steps_of_a_run_are_pictured_in_their_order(filled: Filled) -> None:
    reader = StoreReader(filled.path)
    pages, words = steps_of_run(reader, parse_id(filled.run))
    reader.close()
    counts = Counts(3, pending=1, completed=1, failed=1)
    assert pages == StepPicture(filled.pages, "pages", JobState.RUNNING, counts, total_final=False)
    assert words == StepPicture(filled.words, "words", JobState.PENDING, Counts(), total_final=False)


def test_running_steps_are_named_with_their_run_and_told_once_more_when_they_have_ended(
    filled: Filled,
) -> None:
    reader = StoreReader(filled.path)
    running = RunningSteps(reader)
    assert [(each.name, each.state) for each in running.look()] == [("The docs / pages", JobState.RUNNING)]
    file = StoreFile(filled.path, SystemClock())
    commit = file.commit([CancelJob(parse_id(filled.run))], None, sweep=[])[-1]
    file.commit([], None, sweep=sorted(commit.unsweeped))
    file.close()
    assert [(each.name, each.state) for each in running.look()] == [("The docs / pages", JobState.CANCELLED)]
    assert running.look() == []
    reader.close()
