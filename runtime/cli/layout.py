"""Columns, times and durations as people read them. Pure, but for the local time zone."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime

from rich.cells import cell_len, set_cell_size

from runtime.cli.printable import one_line

GAP = "  "


def columns(
    headers: Sequence[str], rows: Iterable[Sequence[str]], *, width: int | None = None
) -> Iterator[str]:
    """Lines with aligned columns, a header first; cut at ``width`` cells if that is given (a terminal's)."""
    table = [list(headers), *([one_line(cell) for cell in row] for row in rows)]
    widths = [max(cell_len(row[index]) for row in table) for index in range(len(headers))]
    for row in table:
        cells = [set_cell_size(cell, widths[index]) for index, cell in enumerate(row[:-1])]
        line = GAP.join([*cells, row[-1]]).rstrip()
        yield (
            line
            if width is None or cell_len(line) <= width
            else set_cell_size(line, width - 1).rstrip() + "…"
        )


def time_text(time_ms: int | None) -> str:
    """A time (Unix ms) in the local zone, to the second; "-" for none."""
    if time_ms is None:
        return "-"
    return datetime.fromtimestamp(time_ms // 1000, tz=UTC).astimezone().strftime("%Y-%m-%d %H:%M:%S")


def duration_text(seconds: float) -> str:
    """A duration in its two largest units: ``0.4 s``, ``12 s``, ``3 min 20 s``, ``2 h 05 min``, ``1 d 4 h``."""
    if seconds < 10:
        return f"{seconds:.1f} s"
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60:02} s"
    if whole < 86400:
        return f"{whole // 3600} h {whole % 3600 // 60:02} min"
    return f"{whole // 86400} d {whole % 86400 // 3600} h"
