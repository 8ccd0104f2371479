"""How large the tables of a page may become as text, where every row is as wide as the widest. Pure."""

import re

MAX_COLUMNS = 128
MAX_CELLS = 300_000

_WIDE_SPAN = re.compile(r"(?:col|row)span[\t\n\f\r ]*+=[\t\n\f\r ]*+[\"']?[\t\n\f\r ]*+\d{3,}", re.IGNORECASE)


class Grid:
    """Counts the rows and columns of the tables that are open, and the cells of the whole page."""

    def __init__(self) -> None:
        self.cells = 0
        self._tables: list[_Table] = []

    def __repr__(self) -> str:
        return f"<Grid(open={len(self._tables)}, cells={self.cells})>"

    def enter(self) -> None:
        """A table begins."""
        self._tables.append(_Table())

    def leave(self) -> None:
        """The innermost table ends."""
        if self._tables:
            self._tables.pop()

    def takes_row(self) -> bool:
        """Whether the innermost table may have another row; if so, it has."""
        if not self._tables:
            return True
        table = self._tables[-1]
        if self.cells + table.widest > MAX_CELLS:
            return False
        table.rows += 1
        table.width = 0
        self.cells += table.widest
        return True

    def takes_cell(self) -> bool:
        """Whether the row may have another cell; if so, it has."""
        if not self._tables:
            return True
        table = self._tables[-1]
        if table.width < table.widest:
            table.width += 1
            return True
        if table.widest >= MAX_COLUMNS or self.cells + table.rows > MAX_CELLS:
            return False
        table.width += 1
        table.widest += 1
        self.cells += max(table.rows, 1)
        return True


class _Table:
    """One open table: its rows, the cells of its last row and of its widest."""

    def __init__(self) -> None:
        self.rows = 0
        self.width = 0
        self.widest = 0


def spans_many(attributes: str) -> bool:
    """Whether a cell claims a hundred columns or rows and more: as text, each of them would be a cell."""
    return _WIDE_SPAN.search(attributes) is not None
