"""What this runtime may lease now: its standing order, less what it holds."""

from collections import Counter
from collections.abc import Iterable
from operator import attrgetter
from typing import Any, NamedTuple

from actors.job import LeasedJob, StepStart
from actors.messages import NameChildren, NamingFailed, SetDemand, Settle
from runtime.store.commit import Commit, Demand
from runtime.store.rows import ParentRow


class Held(NamedTuple):
    """A lease of this runtime, of a job whose row nobody needs any more."""

    id: int
    type: str
    token: int


Lease = Held | LeasedJob
_type = attrgetter("type")


class Slots:
    """Slots by job type and for namings, and hints of where ready work may be. Pure bookkeeping."""

    def __init__(self) -> None:
        self._limits: dict[str, int] = {}
        self._naming_limit = 0
        self._actions: tuple[str, ...] = ()
        self._leased: dict[int, Lease] = {}  # by job id
        self._in_use: dict[str, int] = {}
        self._namings: set[int] = set()
        self._ready: set[str] = set()  # types that may have ready work
        self._starts_ready = True

    def __repr__(self) -> str:
        return f"<Slots(leased={len(self._leased)}, namings={len(self._namings)})>"

    @property
    def idle(self) -> bool:
        """Whether nothing is held."""
        return not self._leased and not self._namings

    @property
    def under_way(self) -> int:
        """Jobs that are held."""
        return len(self._leased)

    def order(self, demand: SetDemand) -> None:
        """A new standing order."""
        self._limits, self._naming_limit, self._actions = dict(demand.slots), demand.naming, demand.actions
        self.look_everywhere()

    def stop(self) -> None:
        """Lease nothing any more."""
        self._limits, self._naming_limit = {}, 0

    def look_everywhere(self) -> None:
        """There may be ready work of any kind."""
        self._ready.update(self._limits)
        self._starts_ready = True

    def demand(self, *, everything: bool = False) -> Demand:
        """What the next commit may lease."""
        return Demand(
            free={each: self._free(each) for each in self._limits},
            ready=set(self._limits) if everything else self._ready & self._limits.keys(),
            starts=self._naming_limit - len(self._namings),
            starts_ready=self._starts_ready or everything,
            actions=self._actions,
        )

    @property
    def wanting(self) -> bool:
        """Whether another commit would find something to lease."""
        if self._starts_ready and self._naming_limit > len(self._namings):
            return True
        return any(self._free(each) > 0 for each in self._ready)

    def release(self, requests: Iterable[Any]) -> list[Lease]:
        """What the requests settle is held no longer; returned for ``restore``, should the commit not come about.

        An attempt whose lease was given back frees nothing: the job may be leased here again, and hold the slot.
        """
        leased, held = self._leased, list[Lease]()
        for request in requests:
            if isinstance(request, Settle):
                for attempt in request.attempts:
                    lease = attempt.lease
                    found = leased.pop(lease.job_id, None)
                    if found is None:
                        continue
                    if found.token == lease.token:
                        held.append(found)
                    else:
                        leased[found.id] = found
            elif isinstance(request, NameChildren | NamingFailed):
                self._namings.discard(request.start.step_id)
        for job_type, number in Counter(map(_type, held)).items():
            self._in_use[job_type] -= number
        return held

    def restore(self, held: Iterable[Lease]) -> None:
        """These are held, after all. One that replaces a lease of the same job, which was lost, takes over its slot."""
        new = {each.id: each for each in held}
        for job_id in self._leased.keys() & new.keys():
            self._in_use[self._leased[job_id].type] -= 1
        self._leased.update(new)
        for job_type, number in Counter(map(_type, new.values())).items():
            self._in_use[job_type] = self._in_use.get(job_type, 0) + number

    def recount(self, held: Iterable[Lease]) -> None:
        """These, and no others, are held: so the rows say."""
        self._leased, self._in_use = {}, {}
        self._namings.clear()
        self.restore(held)
        self.look_everywhere()

    def committed(self, demand: Demand, commits: list[Commit]) -> None:
        """What was ready has been looked at."""
        self._ready.difference_update(demand.ready)
        if demand.starts > 0:  # fewer than asked for: no more are ready
            self._starts_ready = any(len(done.starts) == demand.starts for done in commits)

    def hold(self, jobs: list[LeasedJob], starts: list[StepStart], more: set[str]) -> None:
        """A commit leased these, and there may be more of some types."""
        self.restore(jobs)
        self._namings.update(start.step_id for start in starts)
        self._ready |= more

    def touched(self, rows: Iterable[ParentRow]) -> None:
        """Parents that a commit changed: there may be work below them."""
        for row in rows:
            if row.naming == "ready":
                self._starts_ready = True
            if (row.concurrency or row.by_level) and row.pending and not row.blocked:
                self._ready.update(self._limits)

    def _free(self, job_type: str) -> int:
        return self._limits.get(job_type, 0) - self._in_use.get(job_type, 0)
