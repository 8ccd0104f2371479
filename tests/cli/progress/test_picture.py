from actors.ids import parse_id
from actors.job import Counts, JobState
from runtime.cli.progress.picture import StepPicture, running_steps, steps_of_run
from runtime.store.reading.reader import StoreReader
from tests.cli.filling import Filled


def test_the_steps_of_a_run_are_pictured_in_their_order(filled: Filled) -> None:
    reader = StoreReader(filled.path)
    pages, words = steps_of_run(reader, parse_id(filled.run))
    reader.close()
    counts = Counts(3, pending=1, completed=1, failed=1)
    assert pages == StepPicture(filled.pages, "pages", JobState.RUNNING, counts, total_final=False)
    assert words == StepPicture(filled.words, "words", JobState.PENDING, Counts(), total_final=False)


def test_running_steps_are_named_with_their_run(filled: Filled) -> None:
    reader = StoreReader(filled.path)
    found = running_steps(reader)
    reader.close()
    assert [each.name for each in found] == ["The docs / pages"]
