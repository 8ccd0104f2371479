"""What goes wrong in a simulation, drawn from its seed: some of it, none of it, or all of it together.

Everything here happens to services too, and none of it is the fault of a body: bodies run twice, and are recorded once.
"""

import math
from collections import Counter
from collections.abc import Collection

from runtime.engine.cell import ActorCell
from runtime.engine.ending import RUNNING, die_of
from runtime.testing.driven import DrivenAssembly
from runtime.testing.simulation import Simulation
from runtime.testing.turns import Chance

FAULTS = ("kill", "worker_death", "lost_lease", "store", "slow")
"""The faults there are.

- ``kill``          a runtime's process ends at any moment, also within a commit, and is started again
- ``worker_death``  the actor that runs a body dies: a failed attempt
- ``lost_lease``    a runtime stands still beyond its lease while another one on the store takes its jobs
- ``store``         a commit does not come about, or nobody hears that it has
- ``slow``          an actor or a body waits a while for its turn
"""
CALM = 0.3
"""Share of the seeds in which a kind of fault does not occur."""
RATES = {"kill": 0.02, "worker_death": 0.1, "lost_lease": 0.01}
"""Most there are per turn."""
STORE_RATE = 0.2
"""Most there are per transaction."""
SLOW_RATE = 0.1
"""Most there are per turn that becomes ready."""
MOST = {"kill": 6, "worker_death": 2, "lost_lease": 3, "store": 20}
"""In one seed. Deaths of workers use up attempts, of which a worker has three unless it says otherwise."""
RESTART_SECONDS = (0.0, 0.1, 1.0, 20.0)
COMMIT_FAULTS = (
    "SQLITE_BUSY",
    "SQLITE_FULL",
    "unknown",
    "kill_before",
    "kill_after",
    "begin_full",
    "begin_kill",
)


class UnknownFaultError(ValueError):
    """There is no fault of that name."""


class DrawnMischief:
    """The faults of one seed. It is a ``Mischief`` and, for connections, ``Faults``."""

    def __init__(self, simulation: Simulation, chance: Chance, wanted: Collection[str]) -> None:
        """Draw how often what goes wrong.

        Raises:
            UnknownFaultError: there is no such fault.
        """
        unknown = sorted(set(wanted) - set(FAULTS))
        if unknown:
            raise UnknownFaultError(f"there is no fault {unknown[0]!r}; there are {', '.join(FAULTS)}")
        self._simulation = simulation
        self._chance = chance
        self.met: Counter[str] = Counter()
        self.runtimes: list[DrivenAssembly] = []
        self._rates = {name: self._drawn(most, name in wanted) for name, most in RATES.items()}
        self._store = self._drawn(STORE_RATE, "store" in wanted)
        self._kills = "kill" in wanted
        self.slow = self._drawn(SLOW_RATE, "slow" in wanted)
        self.wants_peer = self._rates["lost_lease"] > 0
        """Whether there has to be a second runtime on the store."""
        self._at_commit = ""
        self.quiet = True
        self._next = 0
        self._draw_next()

    def __repr__(self) -> str:
        return f"<DrawnMischief({dict(self.met)})>"

    def _drawn(self, most: float, wanted: bool) -> float:  # noqa: FBT001 (private)
        calm, rate = self._chance.random() < CALM, most * self._chance.random() ** 2
        return rate if wanted and not calm else 0.0

    # -- between two turns --------------------------------------------------------------------------------------

    def _draw_next(self) -> None:
        total = sum(self._rates.values())
        wait = -math.log(1.0 - self._chance.random()) / total if total else math.inf
        self._next = self._simulation.turns + 1 + int(min(wait, 1 << 60))

    def maybe(self) -> None:
        """A fault, if one is due; a runtime that has given up is started anew, as its host would do it."""
        for runtime in self.runtimes:
            if runtime.failure and runtime.alive:
                self._note("gave_up")
                self.kill(runtime)
        if self.quiet or self._simulation.turns < self._next:
            return
        self._draw_next()
        name = self._which()
        living = [
            each for each in self.runtimes if each.machine is not None and each.machine.started and each.alive
        ]
        if living and self.met[name] < MOST[name]:
            chosen = living[int(self._chance.random() * len(living))]
            {"kill": self._kill, "worker_death": self._worker_death, "lost_lease": self._lost_lease}[name](
                chosen
            )

    def _which(self) -> str:
        place = self._chance.random() * sum(self._rates.values())
        for name, rate in self._rates.items():
            place -= rate
            if place <= 0:
                return name
        return next(reversed(self._rates))

    def _note(self, name: str) -> None:
        self.met[name] += 1
        self._simulation.note(name)

    def _kill(self, runtime: DrivenAssembly) -> None:
        self._note("kill")
        self.kill(runtime)

    def kill(self, runtime: DrivenAssembly) -> None:
        """The end of a process, and its start later."""
        runtime.kill()
        self._simulation.after(
            RESTART_SECONDS[int(self._chance.random() * len(RESTART_SECONDS))], lambda: self._restart(runtime)
        )

    @staticmethod
    def _restart(runtime: DrivenAssembly) -> None:
        if not runtime.alive:
            runtime.boot()

    def _worker_death(self, runtime: DrivenAssembly) -> None:
        machine = runtime.machine
        cells = [each for each in machine.engine.cells if _works(each)] if machine is not None else []
        if cells:
            self._note("worker_death")
            die_of(cells[int(self._chance.random() * len(cells))], SystemExit("simulated"))

    def _lost_lease(self, runtime: DrivenAssembly) -> None:
        machine = runtime.machine
        others = [each for each in self.runtimes if each is not runtime and each.alive]
        if machine is not None and others:
            self._note("lost_lease")
            machine.paused_until = self._simulation.clock.monotonic() + 1.5 * runtime.settings.lease_seconds

    # -- inside a transaction -----------------------------------------------------------------------------------

    def at_begin(self) -> tuple[int, str]:
        """After how many statements what happens."""
        self._at_commit = ""
        if self.quiet or self.met["store"] >= MOST["store"] or self._chance.random() >= self._store:
            return 0, ""
        fault = COMMIT_FAULTS[int(self._chance.random() * len(COMMIT_FAULTS))]
        kills = "kill" in fault
        if kills and (not self._kills or self.met["kill"] >= MOST["kill"]):
            return 0, ""
        self._note("kill" if kills else "store")
        if fault.startswith("begin"):
            return 1 + int(self._chance.random() * 12), "kill" if kills else "SQLITE_FULL"
        self._at_commit = fault
        return 0, ""

    def at_commit(self) -> str:
        """What happens at the commit of the transaction that has begun."""
        return self._at_commit

    # -- the end ------------------------------------------------------------------------------------------------

    def retire(self) -> None:
        """From now on nothing goes wrong any more."""
        self._rates = dict.fromkeys(self._rates, 0.0)
        self._store = 0.0
        self._next = 1 << 62

    def calm_down(self) -> None:
        """For now nothing goes wrong; what stood still goes on, and what was killed is started at once."""
        self.quiet = True
        for runtime in self.runtimes:
            machine = runtime.machine
            if machine is None or not machine.alive:
                machine = runtime.boot()
            machine.paused_until = 0.0


def _works(cell: ActorCell) -> bool:
    return cell.plan.name.endswith("WorkerActor") and cell.state == RUNNING and cell.actor is not None
