"""``quaero top``: what a store has to do, at a glance."""

from runtime.cli.commands.top import picture, plain
from runtime.store.reading.reader import StoreReader
from tests.cli.command import quaero
from tests.cli.filling import Filled


def test_it_prints_counts_open_runs_and_queues_where_there_is_no_terminal(filled: Filled) -> None:
    ended = quaero("top", cwd=filled.path.parent)
    assert ended.code == 0
    counts, _, runs, *_ = ended.out.splitlines()
    assert "runs open" in counts
    assert runs.split() == ["RUN", "STATE", "NAME", "PROGRESS"]
    assert "TYPE" in ended.out


def test_its_numbers_are_those_of_the_rows(filled: Filled) -> None:
    shown = quaero("top", "--json", cwd=filled.path.parent).value
    reader = StoreReader(filled.path)
    try:
        assert plain(shown) == plain(picture(reader))
        with reader.snapshot() as connection:
            for state, number in shown["statistics"]["jobs"].items():
                if state != "total":
                    rows = connection.execute(
                        "SELECT count(*) FROM job WHERE kind = 'job' AND state = ?", (state,)
                    ).fetchone()[0]
                    assert number == rows, state
    finally:
        reader.close()
