"""Markdown, as the pages of the reference need it."""

from typing import Any


def table(head: tuple[str, ...], rows: Any) -> str:
    """A table; what a cell says is one line of it."""
    lines = [head, tuple("---" for _ in head), *rows]
    return "\n" + "".join(f"| {' | '.join(_cell(cell) for cell in line)} |\n" for line in lines)


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")
