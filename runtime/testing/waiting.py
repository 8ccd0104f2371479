"""To wait in a simulation is to let it go on. Whoever waits in vain is told what holds up what he waits for."""

from datetime import timedelta
from typing import TYPE_CHECKING

from runtime.patience import time_limit
from runtime.run import Run, RunResult, WaitTimeoutError
from runtime.testing.simulation import Halt

if TYPE_CHECKING:
    from runtime.testing.simulated import SimulatedRuntime

PATIENCE = timedelta(days=7)
"""Virtual time after which a wait without a time limit is given up."""


class StuckError(AssertionError):
    """What was waited for will not come by itself; the message says what holds it."""


class SimulatedRun(Run):
    """A run of a simulated runtime: to wait for it is to let it go on."""

    _runtime: "SimulatedRuntime"

    def wait_for_end(self, timeout_seconds: float | None = None) -> None:
        """Let the runtime work until this run has ended.

        Raises:
            TypeError: the time limit is no number of seconds.
            WaitTimeoutError: it had not ended after that much virtual time.
            StuckError: it will not end by itself.
        """
        given = time_limit(timeout_seconds)
        here = self._runtime
        rung = [True]  # looked at first
        leave = here.assembly.hub.on_end(self.number, lambda: rung.append(True))
        limit = PATIENCE.total_seconds() if given is None else given

        def done() -> bool:
            if not rung:
                return here.has_given_up
            rung.clear()
            return self.state.terminal

        try:
            with here.crew.in_trouble():
                halt = here.simulation.drive(
                    done,
                    rests=lambda: self.state.terminal or here.is_idle,
                    limit=here.clock.monotonic() + limit,
                )
        finally:
            leave()
        if self.state.terminal:
            return
        here.raise_if_failed()
        if halt is Halt.LATE and given is not None:
            raise WaitTimeoutError(f"run {self.id} had not ended after {given:g} s of virtual time")
        why = [f"run {self.id} does not end: {_told(here, halt)}", *_holds(here, self.number)]
        raise StuckError("\n".join(why))

    async def wait_async(self, timeout_seconds: float | None = None) -> RunResult:
        """``wait``; nothing else of the caller's loop runs meanwhile."""
        return self.wait(timeout_seconds)


def come_to_rest(here: "SimulatedRuntime", limit: timedelta) -> None:
    """Let a runtime work until nothing is left that it can do.

    Raises:
        StuckError: there was something after that time, or it waits for what never comes.
    """
    with here.crew.in_trouble():
        halt = here.simulation.drive(
            lambda: here.has_given_up,
            rests=lambda: here.is_idle,
            limit=here.clock.monotonic() + limit.total_seconds(),
        )
    if halt is Halt.RESTING:
        return
    here.raise_if_failed()
    waited = f"after {limit} " if halt is Halt.LATE else ""
    lines = [f"{waited}the runtime is not idle: {_told(here, halt)}"]
    for run in here.runs():
        if not run.state.terminal:
            lines += [f"run {run.id} ({run.type}):", *_holds(here, run.number)]
    raise StuckError("\n".join(lines))


def raise_if_endless(here: "SimulatedRuntime", halt: Halt) -> None:
    """Raise if time was kept from passing.

    Raises:
        StuckError: it was.
    """
    if halt is Halt.ENDLESS:
        raise StuckError(f"time does not pass: {_told(here, halt)}")


def _told(here: "SimulatedRuntime", halt: Halt) -> str:
    if halt is Halt.RESTING:
        return "nothing is left that would bring it further"
    if halt is Halt.ENDLESS:
        return "\n".join((f"{halt.value}, the last of them:", *here.simulation.tail))
    return f"{PATIENCE.days} days have passed" if halt is Halt.LATE else halt.value


def _holds(here: "SimulatedRuntime", job_id: int) -> list[str]:
    """Why a run, a step or a job does not move, in lines."""
    reasons = here.explain(job_id).reasons
    return [f"  {each.step + ': ' if each.step else ''}{each.text}" for each in reasons]
