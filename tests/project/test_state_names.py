"""The store names no state and sets none, but by the statements that are made from the table of states."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from actors.job import JobState

STORE = Path(__file__).parents[2] / "runtime" / "store"
NAMED = re.compile(rf"'({'|'.join(JobState)})'")
SETS = re.compile(r"UPDATE\s+(?:job|parent)\b.*?\bSET\b(.*?)(?:\bFROM\b|\bWHERE\b|$)", re.DOTALL)
BY_TRANSITION = "UPDATE job SET state = j.value ->> 1"
"""The one statement for runs and steps, whose states ``Transaction.transition`` has judged."""
MADE_HERE = {"schema.py", "moves.py"}
"""A released migration is never changed: tests/store/test_moves.py compares it with the table."""


def test_no_statement_of_the_store_names_a_state_of_its_own() -> None:
    for path in STORE.rglob("*.py"):
        if path.name not in MADE_HERE:
            names = NAMED.findall(path.read_text("utf-8"))
            assert names == [], (
                f"{path}: write a state as runtime/store/moves.py has it: IS_RUNNING, PARENT_IS_OPEN, …"
            )


def test_no_statement_of_the_store_sets_a_state_but_by_the_table() -> None:
    for path in STORE.rglob("*.py"):
        if path.name not in MADE_HERE:
            for text in texts_of(path.read_text("utf-8")):
                changes = ",".join(SETS.findall(text.replace(BY_TRANSITION, "")))
                assert not re.search(r"\bstate\s*=", changes), f"{path}: make it by `moving`: {text}"


def texts_of(source: str) -> Iterator[str]:
    """The texts of a module, those with holes too."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.JoinedStr):
            yield "".join(
                part.value if isinstance(part, ast.Constant) else "?"  # type: ignore[misc]
                for part in node.values
            )
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value
