"""Where a lane that was never served comes into the queue of those that wait. Pure bookkeeping.

Lanes are served in the order of the turn in which they were served last. A newcomer behind all of them would wait for a
whole round: among ten thousand runs for minutes, for one job. So it comes in ``NEAR`` turns behind the head, and after
its first turn, which is a short one, it waits as all do. However many come, half of the work is left to those who
were there before: ``GROUP`` first turns, then one turn of theirs.

What is known here is a hint, taken from the leases of this process; without one a newcomer goes to the end.
"""

from collections.abc import Sequence

from runtime.store.rows import LaneRow

NEAR = 24
"""Turns that are before a newcomer, if so many lanes wait."""
FIRST_TURN = 8
"""Children of a step's first turn. Ten thousand new runs of many children each: the last is begun after 160 000 jobs
with these, after 1 920 000 with whole turns."""
GROUP = 12
"""Newcomers between two turns of others: their first turns together are as long as one whole turn."""
MAX_QUEUES = 1000
"""Queues that are known at once: types times priorities."""


class Newcomers:
    """The heads of the queues, by type and priority."""

    def __init__(self) -> None:
        self._heads: dict[tuple[str, int], int] = {}
        self._last: dict[
            tuple[str, int], tuple[int, int]
        ] = {}  # where the last newcomers came in, and how many

    def __repr__(self) -> str:
        return f"<Newcomers(queues={len(self._heads)})>"

    def seen(self, job_type: str, lanes: Sequence[LaneRow], *, more: bool) -> None:
        """These are the first lanes of the type, in their order; ``more`` may wait behind them."""
        if len(self._heads) > MAX_QUEUES:
            self._heads.clear()
            self._last.clear()
        for lane in reversed(lanes):  # the first of each priority stays
            if more:
                self._heads[job_type, lane.priority] = lane.served
            else:
                self._heads.pop((job_type, lane.priority), None)

    def place(self, lane: LaneRow, turn: int) -> int:
        """The turn to give to a lane that gets its first children; ``turn`` is the last one there was."""
        queue = lane.type, lane.priority
        head = self._heads.get(queue)
        if head is None:
            return turn
        last, room = self._last.get(queue, (0, 0))
        place = head + NEAR
        if last >= place:
            place, room = (last, room - 1) if room else (last + 2, GROUP - 1)
        else:
            room = GROUP - 1
        place = min(turn, place)
        self._last[queue] = place, room
        return place
