"""The worker that does nothing, so that what is measured is the runtime."""

import msgspec

from actors.worker import JobContext, worker


class Nothing(msgspec.Struct, frozen=True):
    """The payload of a no-op job."""

    number: int = 0


@worker("noop", dispatcher="io", slots=1536, spawns=False)
def noop(payload: Nothing, context: JobContext) -> None:
    """Do nothing, on a pool thread like any blocking worker."""


@worker("noop_async", slots=1536, spawns=False)
async def noop_async(payload: Nothing, context: JobContext) -> None:
    """Do nothing, on the asyncio loop."""
