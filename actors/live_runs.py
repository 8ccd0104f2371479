"""The runs that have an orchestrator here, and how much work each was sent. Pure bookkeeping of the RuntimeSupervisor.

An orchestrator may leave memory only if it has received all it was sent: work that is on its way is never lost with it.
"""

from collections.abc import Iterator

from actors.receive import Address


class LiveRuns:
    """Orchestrators by run. Iterating gives their addresses."""

    def __init__(self) -> None:
        self._of: dict[int, Address] = {}
        self._at: dict[Address, int] = {}  # also of those that were replaced and have not ended
        self._sent: dict[int, int] = {}  # how often a run's orchestrator was sent work

    def __repr__(self) -> str:
        return f"<LiveRuns({len(self._of)})>"

    def __iter__(self) -> Iterator[Address]:
        return iter(self._of.values())

    def send_work(self, run_id: int) -> Address | None:
        """Who gets one more message of work; None: there is none, and whoever ``began`` gets it as its first."""
        run = self._of.get(run_id)
        if run is not None:
            self._sent[run_id] += 1
        return run

    def began(self, run_id: int, run: Address) -> None:
        """The run has a new orchestrator, which is sent its first work."""
        self._of[run_id] = run
        self._at[run] = run_id
        self._sent[run_id] = 1

    def retires(self, run_id: int, run: Address, received: int) -> bool:
        """Whether that orchestrator may leave, having received so many messages; the next work makes a new one."""
        if self._of.get(run_id) == run:
            if received < self._sent[run_id]:  # a message may come twice
                return False  # work is on its way to it
            del self._of[run_id], self._sent[run_id]
        return True

    def ended(self, actor: Address) -> int | None:
        """The actor is gone: the run that it was an orchestrator of, None if it was none."""
        run_id = self._at.pop(actor, None)
        if run_id is not None and self._of.get(run_id) == actor:
            del self._of[run_id], self._sent[run_id]
        return run_id

    def clear(self) -> None:
        """All are told to end, and are known no more."""
        self._of.clear()
        self._at.clear()
        self._sent.clear()
