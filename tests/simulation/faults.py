"""Draws the faults of a seed and carries them out, between two turns or inside a transaction."""

import math
from typing import TYPE_CHECKING, Any

from actors.messages import (
    CancelJob,
    Committed,
    ExtendLeases,
    GiveBack,
    JobsToStop,
    NameChildren,
    Named,
    NamingFailed,
    NextDue,
    ParentPicture,
    ParentProgress,
    Settle,
    Settled,
    StagePage,
    Submit,
    Sweep,
)
from runtime.engine.cell import ActorCell
from runtime.engine.ending import RUNNING, die_of

if TYPE_CHECKING:
    from tests.simulation.machine import Machine
    from tests.simulation.world import World

PAUSES = (0.2, 1.0, 4.0, 12.0)
WALL_JUMPS_MS = (-7_200_000, -1_000, 1_000, 61_000, 61_000, 86_400_000, 691_200_000)
COMMIT_FAULTS = (
    "SQLITE_BUSY",
    "SQLITE_FULL",
    "unknown",
    "kill_before",
    "kill_after",
    "begin_full",
    "begin_kill",
)
MARKS = {
    "SQLITE_BUSY": "commit_busy",
    "SQLITE_FULL": "commit_full",
    "unknown": "commit_unknown",
    "kill_before": "kill_before_commit",
    "kill_after": "kill_after_commit",
    "begin_full": "statement_full",
    "begin_kill": "kill",
}
DROPPABLE = (Committed, ParentProgress, NextDue, Sweep, ExtendLeases)
"""Messages that something else makes up for."""
DELAYABLE = (*DROPPABLE, ParentPicture, Settle, Settled, Named)
"""Messages that others may overtake. Not those whose cause came the same way: our engine keeps causes first."""
REPEATABLE = (
    CancelJob,
    Committed,
    ExtendLeases,
    GiveBack,
    JobsToStop,
    NameChildren,
    Named,
    NamingFailed,
    NextDue,
    ParentPicture,
    Settle,
    Settled,
    StagePage,
    Submit,
    Sweep,
)
"""Messages that mean the same when they come twice. Not those that are counted, as work for an orchestrator is."""


class Faults:
    """The faults of one world."""

    def __init__(self, world: "World") -> None:
        self.world = world
        self._chance = world.chance
        self._rates = world.rates.faults
        self._total = sum(self._rates.values())
        self._next = 0
        self._draw_next(0)

    # -- between two turns --------------------------------------------------------------------------------------

    def _draw_next(self, step: int) -> None:
        if self._total:
            wait = -math.log(1.0 - self._chance.random()) / self._total
            self._next = step + 1 + int(wait)
        else:
            self._next = 1 << 60

    def maybe(self) -> None:
        """A fault, if one is due."""
        world = self.world
        if world.steps < self._next:
            return
        self._draw_next(world.steps)
        (name,) = self._chance.choices(list(self._rates), list(self._rates.values()))
        machines = [each for each in world.machines if each.alive]
        if not machines:
            return
        machine = self._chance.choice(machines)
        getattr(self, f"_{name}")(machine)

    def _kill(self, machine: "Machine") -> None:
        self.world.kill(machine, "kill")

    def _pause(self, machine: "Machine") -> None:
        working = [each for each in self.world.machines if "WorkerActor" in each.doing]
        machine = self._chance.choice(working) if working else machine
        self.world.met("pause")
        machine.paused_until = self.world.clock.monotonic() + self._chance.choice(PAUSES)

    def _drain(self, machine: "Machine") -> None:
        if not machine.draining and machine.assembly.store is not None:
            self.world.drain(machine)

    def _actor_kill(self, machine: "Machine") -> None:
        cells = [cell for cell in machine.engine.cells if cell.parent is not None and cell.state == RUNNING]
        if cells and not machine.draining and machine.assembly.store is not None:
            cell = self._chance.choice(cells)
            self.world.met("actor_killed")
            self.world.note(cell.plan.name)
            die_of(cell, SystemExit("simulated"))

    def _message(self, machine: "Machine") -> None:
        cells = [each for each in machine.queue.waiting if isinstance(each, ActorCell) and each.mailbox]
        if not cells:
            return
        mailbox: Any = self._chance.choice(cells).mailbox
        place = int(self._chance.random() * len(mailbox))
        message, sender = mailbox[place]
        what = self._chance.choice(("dropped", "duplicated", "delayed"))
        if what == "dropped" and isinstance(message, DROPPABLE):
            del mailbox[place]
        elif what == "duplicated" and isinstance(message, REPEATABLE):
            mailbox.append((message, sender))
        elif what == "delayed" and isinstance(message, DELAYABLE) and self._may_swap(mailbox, place):
            mailbox[place], mailbox[place + 1] = mailbox[place + 1], mailbox[place]
        else:
            return
        self.world.met(f"message_{what}")
        self.world.note(type(message).__name__)

    @staticmethod
    def _may_swap(mailbox: Any, place: int) -> bool:
        """Messages of two senders have no order between them."""
        return place + 1 < len(mailbox) and mailbox[place + 1][1] is not mailbox[place][1]

    def _wall_jump(self, machine: "Machine") -> None:
        self.world.met("wall_jump")
        clock = self.world.clock
        clock.set_wall_ms(clock.wall_ms() + self._chance.choice(WALL_JUMPS_MS))

    def _reboot(self, machine: "Machine") -> None:
        self.world.met("reboot")
        for each in list(self.world.machines):
            self.world.kill(each, "kill")
        self.world.clock.reboot(f"boot-{self.world.steps}")

    def _damage(self, machine: "Machine") -> None:
        """A bit of a waiting job's row flips, or the number of its lane is lost."""
        jobs = self.world.judge.rows.jobs.values()
        waiting = [job for job in jobs if job.kind == "job" and job.state in {"pending", "scheduled"}]
        if not waiting:
            return
        job = self._chance.choice(waiting)
        self.world.damaged.add(job.id)
        if job.state == "scheduled" and self._chance.random() < 0.5:
            self.world.met("damaged_lane")
            self.world.pool.change("UPDATE job SET lane_id = NULL WHERE id = ?", job.id)
            self.world.judge.rows.jobs[job.id] = job._replace(lane_id=None)
        else:
            self.world.met("damaged")
            self.world.pool.change("UPDATE job SET crc = crc + 1 WHERE id = ?", job.id)

    # -- inside a transaction -----------------------------------------------------------------------------------

    def at_begin(self) -> tuple[int, str]:
        """After how many statements what happens."""
        self._at_commit = ""
        world = self.world
        if world.quiet or self._chance.random() >= world.rates.commit:
            return 0, ""
        fault = self._chance.choice(COMMIT_FAULTS)
        world.met(MARKS[fault])
        if fault == "begin_full":
            return self._chance.randint(1, 12), "SQLITE_FULL"
        if fault == "begin_kill":
            return self._chance.randint(1, 12), "kill"
        self._at_commit = fault
        return 0, ""

    def at_commit(self) -> str:
        """What happens at the commit of the transaction that has begun."""
        return self._at_commit

    # -- elsewhere ----------------------------------------------------------------------------------------------

    def naming(self) -> str:
        """What a manager does instead of naming children."""
        if self.world.quiet or self._chance.random() >= self.world.rates.naming:
            return ""
        fault = self._chance.choice(("raise", "raise", "exit", "permanent"))
        self.world.met("naming_" + {"raise": "raises", "exit": "exits", "permanent": "permanent"}[fault])
        return fault

    def loses_ring(self) -> bool:
        """Whether a ring of a doorbell is lost."""
        if self._chance.random() >= self.world.rates.answer_lost:
            return False
        self.world.met("ring_lost")
        return True

    def loses_answer(self) -> bool:
        """Whether an answer to a client is lost."""
        if self.world.quiet or self._chance.random() >= self.world.rates.answer_lost:
            return False
        self.world.met("answer_lost")
        return True
