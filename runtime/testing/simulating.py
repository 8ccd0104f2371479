"""``simulate``: a scenario of a service again and again, each time in another order and with other things gone wrong.

A scenario is a function that is given a way to make runtimes, as the fixture ``quaero`` is. It submits, waits, and
asserts what has to hold whatever happens meanwhile: that a customer is charged once, that a total is right.
"""

import os
from collections import Counter
from collections.abc import Callable, Collection
from typing import Any

import msgspec

from runtime.testing.making import MakeRuntime, RuntimeMaker
from runtime.testing.mischief import FAULTS
from runtime.testing.seed import SEED_VARIABLE, chosen_seed


class Simulated(msgspec.Struct, frozen=True):
    """What was played."""

    seeds: int
    turns: int
    met: dict[str, int]  # how often what went wrong
    trace: int  # the same whenever the same seeds take the same turns


def simulate(
    scenario: Callable[[MakeRuntime], Any],
    *,
    seeds: int = 100,
    first: int = 1,
    faults: Collection[str] = FAULTS,
) -> Simulated:
    """Play a scenario under many seeds.

    After the scenario has returned nothing goes wrong any more; what it left unfinished is finished, and then the
    counts of every run must be those of its jobs.

    Args:
        scenario: called once for each seed, with a function that makes a started ``SimulatedRuntime``; it takes the
            arguments of that but ``seed`` and ``faults``. Whatever the scenario needs besides, it makes anew.
        seeds: how many.
        first: the first of them; each is played exactly the same again, by any process.
        faults: what may go wrong; see ``FAULTS``.

    Raises:
        BaseException: what the scenario raised or asserted, with a note that names the seed and how to play it again.
    """
    alone = chosen_seed()
    numbers = range(first, first + seeds) if alone is None else range(alone, alone + 1)
    turns, trace = 0, 0
    met: Counter[str] = Counter()
    for seed in numbers:
        maker = RuntimeMaker(seed, faults)
        try:
            scenario(maker)
            maker.finish()
        except BaseException as error:
            error.add_note(_told(scenario, seed, maker))
            raise
        finally:
            maker.close()
        turns += maker.turns
        trace = hash((trace, maker.trace))
        met.update(maker.met)
    return Simulated(len(numbers), turns, dict(met), trace)


def _told(scenario: Callable[..., Any], seed: int, maker: RuntimeMaker) -> str:
    name = getattr(scenario, "__name__", repr(scenario))
    test = os.environ.get("PYTEST_CURRENT_TEST", "").partition(" ")[0]
    again = f"{SEED_VARIABLE}={seed} pytest {test!r}" if test else f"simulate({name}, first={seed}, seeds=1)"
    went_wrong = ", ".join(f"{what} {number}" for what, number in sorted(maker.met.items())) or "nothing"
    return "\n".join(
        (
            f"seed {seed} of {name} failed after {maker.turns} turns; went wrong: {went_wrong}",
            f"play it again: {again}",
            "the last turns:",
            *(f"  {line}" for line in maker.tail),
        )
    )
