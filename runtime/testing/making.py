"""Makes the simulated runtimes of one test, or of one seed of a simulation, and closes them in the end."""

from collections import Counter
from collections.abc import Callable, Collection
from typing import Any

from runtime.testing.simulated import SimulatedRuntime

MakeRuntime = Callable[..., SimulatedRuntime]
"""Takes the arguments of ``SimulatedRuntime`` and returns one that was started."""


class RuntimeMaker:
    """Makes them with one seed. Calling it makes one."""

    def __init__(self, seed: int = 0, faults: Collection[str] = (), **defaults: Any) -> None:
        """Make none yet; ``defaults`` are arguments of all of them."""
        self._defaults = {"seed": seed, "faults": faults, **defaults}
        self.made: list[SimulatedRuntime] = []

    def __repr__(self) -> str:
        return f"<RuntimeMaker({len(self.made)} made)>"

    def __call__(self, *arguments: Any, **options: Any) -> SimulatedRuntime:
        """Make one, and start it."""
        runtime = SimulatedRuntime(*arguments, **{**self._defaults, **options})
        self.made.append(runtime)
        return runtime.start()

    def finish(self) -> None:
        """Let all that still run come to rest with nothing going wrong any more, and see that their counts are right.

        Raises:
            AssertionError: one does not come to rest, or its counts are wrong.
        """
        for runtime in self.made:
            if runtime.assembly.running:
                runtime.crew.retire_mischief()
                runtime.run_until_idle()
                runtime.assert_consistent()

    def close(self) -> None:
        """Close all of them."""
        for runtime in self.made:
            runtime.close(grace_seconds=0.0)

    @property
    def turns(self) -> int:
        """How many were taken."""
        return sum(each.simulation.turns for each in self.made)

    @property
    def trace(self) -> int:
        """Sums the turns up."""
        return hash(tuple(each.simulation.trace for each in self.made))

    @property
    def tail(self) -> list[str]:
        """The last turns of the last one."""
        return list(self.made[-1].simulation.tail) if self.made else []

    @property
    def met(self) -> Counter[str]:
        """How often what went wrong."""
        met: Counter[str] = Counter()
        for each in self.made:
            if each.crew.mischief is not None:
                met.update(each.crew.mischief.met)
        return met
