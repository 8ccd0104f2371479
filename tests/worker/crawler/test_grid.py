import pytest

from actors.worker.crawler.grid import MAX_CELLS, MAX_COLUMNS, Grid, spans_many


def test_cells_are_counted_as_wide_as_the_widest_row() -> None:
    grid = Grid()
    grid.enter()
    for columns in (1, 3, 2):
        assert grid.takes_row()
        assert all(grid.takes_cell() for _ in range(columns))

    assert grid.cells == 9


def test_a_row_ends_at_the_last_column() -> None:
    grid = Grid()
    grid.enter()
    grid.takes_row()

    assert [grid.takes_cell() for _ in range(MAX_COLUMNS + 2)] == [True] * MAX_COLUMNS + [False, False]


def test_a_page_has_no_more_cells_however_they_are_spread_over_its_tables() -> None:
    grid = Grid()
    for _ in range(10):
        grid.enter()
        while grid.takes_row() and all(grid.takes_cell() for _ in range(100)) and grid.cells % 100_000:
            pass
        grid.leave()

    assert grid.cells <= MAX_CELLS


def test_a_table_in_a_table_has_rows_of_its_own() -> None:
    grid = Grid()
    grid.enter()
    grid.takes_row()
    grid.takes_cell()
    grid.enter()
    grid.takes_row()
    assert all(grid.takes_cell() for _ in range(5))
    grid.leave()
    grid.takes_row()

    assert grid.cells == 1 + 5 + 1


def test_what_stands_outside_of_tables_is_not_counted() -> None:
    grid = Grid()
    grid.leave()

    assert grid.takes_row()
    assert grid.takes_cell()
    assert grid.cells == 0


@pytest.mark.parametrize(
    ("attributes", "many"),
    [
        (' colspan="2"', False),
        (" colspan=99", False),
        (" COLSPAN = '100'", True),
        (" class=x rowspan=65534", True),
        ("", False),
    ],
)
def test_a_hundred_columns_or_rows_are_many(attributes: str, many: bool) -> None:
    assert spans_many(attributes) is many
