"""The course of a world: chaos, then quiet until everything has ended, then the last judgement; some grow old."""

import math
from typing import Any

from tests.simulation.judge import Violation
from tests.simulation.rest import judge_age, judge_rest
from tests.simulation.world import World

CHAOS_STEPS = 500
FROZEN = 0.3
"""Share of the seeds in which one runtime stands still until the others have done everything."""
QUIET_STEPS = 8_000
QUIET_SECONDS = 300.0
"""Virtual time in which everything must have ended after the faults."""
AGED = 0.25
"""Share of the seeds that are looked at again ten days later."""


class Course(World):
    """A world that is run to its end."""

    def run(self) -> None:
        """Chaos, then quiet until everything has ended, then the last judgement.

        Raises:
            Violation: a promise was broken, with the last steps in a note.
        """
        try:
            while self.steps < CHAOS_STEPS and not self.at_rest():
                self.step()
            self.calm_down()
            self._come_to_rest()
            if self.thaw():
                self._come_to_rest()
            judge_rest(self)
            if self.chance.random() < AGED:
                self.grow_old()
                self._come_to_rest()
                judge_age(self)
            self.note("at rest")
        except BaseException as error:
            error.add_note("\n".join((*self.tail, f"seed {self.seed}, step {self.steps}, {self.rates}")))
            raise
        finally:
            self.close()

    def _come_to_rest(self) -> None:
        steps, seconds = self.steps + QUIET_STEPS, self.clock.monotonic() + QUIET_SECONDS
        while not self.at_rest():
            self.step()
            if self.steps > steps or self.clock.monotonic() > seconds:
                raise Violation(f"not at rest: {self.unrest()}")

    def calm_down(self) -> None:
        """From now on nothing goes wrong any more."""
        self.quiet, self.quiet_since = True, self.clock.monotonic()
        self.quiet_seq = len(self.judge.timeline.events)
        self.after(0.1, self.operator.tidy)
        self.clock.set_wall_ms(self.clock.wall_ms() + 2 * 86_400_000)  # past all that the jumps have put off
        for machine in self.machines:
            machine.paused_until = 0.0
            machine.queue.slow = 0.0
        if len(self.machines) > 1 and self.chance.random() < FROZEN:
            self.met("frozen")
            self.chance.choice(self.machines).paused_until = math.inf
        self.note("quiet")

    def grow_old(self) -> None:
        """Ten days pass: what is kept no longer has to go."""
        self.aged, self._idle = True, False
        self.clock.set_wall_ms(self.clock.wall_ms() + 10 * 86_400_000)

    def thaw(self) -> bool:
        """Let a runtime that was frozen all the while go on; whether there was one."""
        frozen = [each for each in self.machines if each.paused_until == math.inf]
        for machine in frozen:
            machine.paused_until = 0.0
        self._idle = False
        return bool(frozen)

    def at_rest(self) -> bool:
        """Whether everything has ended and nobody wants anything."""
        return self._idle and not self.unrest()

    def unrest(self) -> list[Any]:
        """What has not ended."""
        rows = self.judge.rows
        left: list[Any] = [job for job in rows.jobs.values() if job.finished_at is None]
        left += [parent for parent in rows.parents.values() if parent.id in {job.id for job in left}]
        if self.operator.wishes and not self.quiet:
            left.append(self.operator)
        if self.quiet:
            left += self.operator.untidy
        left += [client for client in self.clients if not client.satisfied]
        awake = [each for each in self.machines if each.paused_until < math.inf]
        left += [(each, each.doing) for each in awake if each.draining or each.busy]
        if not self.machines:
            left.append("no runtime runs")
        return left

    def close(self) -> None:
        """Leave nothing open."""
        for machine in self.machines:
            machine.kill()
