"""A stranger comes with the submit key of another client, and wants something else: it is told whose key that is.

It is drawn by a chance of its own, so that a seed without one goes on as if there were none.
"""

import random
from typing import TYPE_CHECKING

import msgspec

from actors.job import JobDefinition, Step
from tests.simulation.tasks import Plan, Task

if TYPE_CHECKING:
    from tests.simulation.world import World

SHARE = 0.1
"""Of the seeds, those with a stranger."""
LATEST_SECONDS = 4.0
"""Clients begin within the first two: some strangers are there first, most are refused, some find the key free."""


def add_stranger(world: "World") -> None:
    """Maybe one: with a definition, or with a fan-out, whose pages are staged before its key is looked at."""
    chance = random.Random(f"stranger {world.seed}")  # noqa: S311 (to be repeated)
    keys = [client.key for client in world.clients if client.key is not None]
    if not keys or chance.random() >= SHARE:
        return
    tasks = [Task(f"strange-{number}", "quick", ("ok",)) for number in range(2)]
    step = Step("only", "plan", msgspec.json.decode(msgspec.json.encode(Plan((tuple(tasks),)))))
    wanted = JobDefinition("stranger", "stranger", (step,))
    fan_out = tasks if chance.random() < 0.5 else None
    key, seconds = chance.choice(keys), chance.random() * LATEST_SECONDS
    world.clients.append(world.add_client((wanted,), key, seconds, fan_out))
