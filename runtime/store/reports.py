"""Reports: who is told what of a commit, besides those who asked and those who watch a parent."""

from collections.abc import Sequence

from actors.job import JobKind
from actors.messages import Committed, Gathered, Gathering, JobsToStop, Leased, NextDue, Wiring
from actors.receive import TypedActor
from runtime.store.commit import Commit


class Reports:
    """What the StoreActor sends of itself. Nobody is told before there is a ``Wiring``: who is new asks the rows."""

    def __init__(self, actor: TypedActor) -> None:
        self._actor = actor
        self._wiring: Wiring | None = None
        self._next_due: int | None = None

    def __repr__(self) -> str:
        return f"<Reports(next_due={self._next_due})>"

    def rewire(self, wiring: Wiring) -> None:
        """Tell these from now on; a new scheduler knows of nothing that is due."""
        self._wiring, self._next_due = wiring, None

    def committed(self, done: Commit) -> None:
        """What was leased, is to stop, happened and is due next."""
        wiring = self._wiring
        if wiring is None:
            return
        if done.jobs or done.starts:
            self._actor.send(wiring.processor, Leased(tuple(done.jobs), tuple(done.starts)))
        if done.cancelled_jobs:
            self._actor.send(wiring.processor, JobsToStop(tuple(done.cancelled_jobs)))
        if done.last_seq:
            ended = tuple(row.id for row in done.touched if row.ended and row.kind == JobKind.RUN)
            self._actor.send(wiring.events, Committed(done.last_seq, ended))
        if done.timed:
            self.due(done.next_due_ms)

    def gathering(self) -> None:
        """Ask for a ``Gathered``: the supervisor, which lives as long as there is a store; else say it oneself."""
        if self._wiring is not None:
            self._actor.send(self._wiring.supervisor, Gathering())
        else:
            self._actor.send(self._actor.myAddress, Gathered())

    def due(self, at_ms: int | None) -> None:
        """The scheduler is to send a ``Sweep`` then; told only when it is another time than before."""
        if self._wiring is not None and at_ms != self._next_due:
            self._next_due = at_ms
            self._actor.send(self._wiring.scheduler, NextDue(at_ms))

    def stop(self, jobs: Sequence[int]) -> None:
        """Another process cancelled these, which run here."""
        if jobs and self._wiring is not None:
            self._actor.send(self._wiring.processor, JobsToStop(tuple(jobs)))

    def ended_elsewhere(self) -> None:
        """Another process ended something that readers here may wait for."""
        if self._wiring is not None:
            self._actor.send(self._wiring.events, Committed(0))
