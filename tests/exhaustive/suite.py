"""What the small worlds together must have gone along: every line of the table, but for those listed with a reason."""

import logging
import sys
import tempfile
from collections.abc import Callable, Iterable
from pathlib import Path

from actors.states import LEGAL, REOPENINGS, TABLE, JobKind, JobState, Transition
from tests.exhaustive.explore import Found, explore
from tests.exhaustive.judge import Violation
from tests.exhaustive.scope import Scope

UNREACHED: dict[Transition, str] = {
    (
        JobKind.STEP,
        JobState.PENDING,
        JobState.COMPLETED_WITH_FAILURES,
    ): "a retried step that has nothing to do, since the row of its failed job is damaged",
}
"""Transitions that no small world has, and why."""

UNUSED = {"run: intolerable": "only steps have a tolerance; CloseParent might name it, and nobody does"}
"""Lines of the table likewise."""


def explored(scope: Scope, tell: Callable[[str], None] = lambda _: None) -> tuple[Found, str]:
    """Explore one of the small worlds; what was found, and what does not hold."""
    memory = Path("/dev/shm")
    logging.disable(logging.CRITICAL)  # a lost answer is logged each time
    try:
        with tempfile.TemporaryDirectory(dir=memory if memory.is_dir() else None) as directory:
            return explore(scope, Path(directory), tell), ""
    except Violation as violation:
        return Found(scope.name), str(violation)
    finally:
        logging.disable(logging.NOTSET)


def explored_aloud(scope: Scope) -> tuple[Found, str]:
    """The same, and prints now and then how far it is."""
    return explored(scope, _tell)


def _tell(text: str) -> None:
    sys.stderr.write(f"  {text}\n")
    sys.stderr.flush()


def missing(everything: Iterable[Found]) -> list[str]:
    """The transitions, and the lines of jobs, that nothing went along."""
    everything = list(everything)
    transitions = {each for found in everything for each in found.transitions}
    moves = {move for found in everything for move in found.moves}
    ways = [
        f"{kind}: {before or 'nothing'} → {after}"
        for kind, before, after in sorted(LEGAL | REOPENINGS, key=str)
        if (kind, before, after) not in transitions | UNREACHED.keys()
    ]
    lines = [f"{move.kind}: {move.cause}" for move in TABLE if move not in moves]
    return ways + [line for line in lines if line not in UNUSED]
