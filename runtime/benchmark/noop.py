"""The worker that does nothing, so that what is measured is the runtime."""

import msgspec

from actors.worker import JobContext, worker

SLOTS = 3072
"""Jobs under way at once: half again as many as one commit settles, so that the others go on meanwhile."""


class Nothing(msgspec.Struct, frozen=True):
    """The payload of a no-op job."""

    number: int = 0


@worker("noop", dispatcher="io", slots=SLOTS, spawns=False)
def noop(payload: Nothing, context: JobContext) -> None:
    """Do nothing, on a pool thread like any blocking worker."""


@worker("noop_async", slots=SLOTS, spawns=False)
async def noop_async(payload: Nothing, context: JobContext) -> None:
    """Do nothing, on the asyncio loop."""
