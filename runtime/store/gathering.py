"""When a commit waits for more to carry. Pure bookkeeping.

The store's thread goes first at the interpreter lock (``runtime/precedence.py``), so it can come back so soon that the
core has done little meanwhile: of thousands of jobs under way one commit after the other carries a few dozen, and each
has the price of a commit. So one that has little to carry of much that is under way waits for the core's queue to come
round, a few times at most. Where little is under way nobody waits, and a core with nothing to do answers at once.
"""

ENOUGH = 256
"""Attempts and other requests of a commit that never waits."""
MUCH = 2 * ENOUGH
"""Jobs under way: with as many or fewer of them a commit never waits."""
ROUNDS = 3
"""Rounds of the core's queue that a commit waits at most."""


class Gathering:
    """How often the next commit has waited."""

    def __init__(self) -> None:
        self._rounds = 0

    def __repr__(self) -> str:
        return f"<Gathering(rounds={self._rounds})>"

    def waits(self, weight: int, under_way: int) -> bool:
        """Whether a commit of that weight, with so many jobs under way, is to wait a round; counted if so."""
        if not 0 < weight < ENOUGH or under_way <= MUCH or self._rounds >= ROUNDS:
            return False
        self._rounds += 1
        return True

    def committed(self) -> None:
        """The next commit has not waited yet."""
        self._rounds = 0
