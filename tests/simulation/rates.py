"""How hard a seed is on the runtime: each draws its own rates, so that some faults come alone, some together."""

import random

import msgspec

from runtime.store.retention import Retention

CALM = 0.25
"""Share of the seeds in which a kind of fault does not occur at all."""


class Rates(msgspec.Struct):
    """Rates of one seed; 0 = never. Per step unless said otherwise."""

    kill: float = 0.0
    pause: float = 0.0
    restart_all: float = 0.0
    drain: float = 0.0
    actor_kill: float = 0.0
    message: float = 0.0
    wall_jump: float = 0.0
    reboot: float = 0.0
    slow: float = 0.0  # per runnable that becomes ready
    commit: float = 0.0  # per transaction
    answer_lost: float = 0.0  # per answer to a client
    naming: float = 0.0  # per naming
    badness: float = 0.0  # per body: that it does not simply succeed
    damage: float = 0.0
    operate: float = 0.0  # per operation: that an operator wants another one
    hasty: float = 0.0  # per body: that an operator cancels its job as it begins

    @property
    def faults(self) -> dict[str, float]:
        """Those that are drawn per step."""
        names = ("kill", "pause", "drain", "actor_kill", "message", "wall_jump", "reboot", "damage")
        return {name: getattr(self, name) for name in names if getattr(self, name)}


def draw_rates(chance: random.Random) -> Rates:
    """The rates of a seed."""

    def rate(most: float) -> float:
        return 0.0 if chance.random() < CALM else most * chance.random() ** 2

    return Rates(
        kill=rate(0.01),
        pause=rate(0.03),
        drain=rate(0.004),
        actor_kill=rate(0.03),
        message=rate(0.15),
        wall_jump=rate(0.005),
        reboot=rate(0.002),
        slow=rate(0.1),
        commit=rate(0.3),
        answer_lost=rate(0.6),
        naming=rate(0.4),
        badness=rate(1.0),
        damage=0.006 if chance.random() < 0.1 else 0.0,
        operate=0.0 if chance.random() < CALM else 0.94 * chance.random() ** 0.7,
        hasty=0.0 if chance.random() < 0.7 else 0.2 * chance.random(),
    )


def draw_retention(chance: random.Random) -> Retention:
    """How long the runtimes of a seed keep what has ended: mostly for ever, else less than a jump of the clock."""
    if chance.random() < 0.6:
        return Retention()
    return Retention(chance.choice((0, 0.5, 3)), chance.choice((0, 0.5, 3)), chance.choice((0, 0.5)))
