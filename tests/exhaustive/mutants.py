"""Mistakes that the exhaustive check has to find, and the small world in which it does.

Most are those of the simulation; ``OF_FAILURE`` are of what happens when a commit or a statement fails.
"""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

from runtime.store.commit import Committer
from tests.simulation.mutants import mutated
from tests.simulation.mutation import Patch, source_of

PAGES, OUTCOMES = "pages of children, and every fault", "every outcome, and every fault"
SPAWNS = "jobs that spawn, and every fault"

OF_FAILURE: dict[str, tuple[tuple[Patch, ...], str]] = {
    "what could not be committed stays": (
        (source_of(Committer._transact, 'connection.execute("ROLLBACK")', 'connection.execute("COMMIT")'),),
        OUTCOMES,
    ),
    "a batch that failed is not done singly": (
        (source_of(Committer._commit, "for request in requests for", "for request in () for"),),
        OUTCOMES,
    ),
    "after a batch that failed its chores are not done": (
        (
            source_of(
                Committer._commit, "self._certain((), demand, sweep, before)", "self._certain((), demand)"
            ),
        ),
        OUTCOMES,
    ),
    "an attempt that can not be recorded is left running": (
        (source_of(Committer._refuse, "not isinstance(request, Settle)", "True"),),
        OUTCOMES,
    ),
    "a page that can not be recorded is left": (
        (source_of(Committer._refuse, "isinstance(request, NameChildren | NamingFailed)", "False"),),
        PAGES,
    ),
}
"""By what is done wrong: the change, and where it is found."""

OF_THE_SIMULATION: dict[str, str] = {
    "settle without token": OUTCOMES,
    "spawn in a second transaction": SPAWNS,
    "attempt counted after instead of before": OUTCOMES,
    "requeue inside a cancelled tree": "cancels",
    "a settlement that comes twice counts twice": OUTCOMES,
    "spawns under a closing step are made": "cancels",
    "a failed attempt in a cancelled tree is repeated": "cancels",
    "a page is recorded under any token": PAGES,
    "a page is recorded without its cursor": PAGES,
    "what a commit leased whose answer was lost is not given back": OUTCOMES,
    "the namings of a frozen runtime are kept": PAGES,
    "the waiting jobs of a closing step are not swept": "a tolerance that is used up",
    "a step that is over lets nobody behind it start": "retries",
    "a run ends before its last step": "retries",
    "event outside the transaction": OUTCOMES,
}

EVERY = {**OF_THE_SIMULATION, **{sentence: where for sentence, (_, where) in OF_FAILURE.items()}}


@contextmanager
def planted(sentence: str) -> Iterator[None]:
    """Explore with that mistake."""
    if sentence in OF_THE_SIMULATION:
        with mutated(sentence):
            yield
        return
    with ExitStack() as stack:
        for patch in OF_FAILURE[sentence][0]:
            stack.enter_context(patch())
        yield
