"""A worker of one's own: one decorated function with a typed payload, fanned out over many payloads.

Run it: ``python docs/examples/thumbnails.py``. The jobs, their results and their events stay in ``thumbnails.db``.
"""

import sys
from pathlib import Path

import msgspec

from actors.worker import JobContext, worker
from runtime import Runtime


class Resize(msgspec.Struct, frozen=True):
    """One picture to make smaller."""

    path: str
    width: int = 320


class Optimise(msgspec.Struct, frozen=True):
    """One thumbnail to make lighter."""

    path: str


class Thumbnail(msgspec.Struct, frozen=True):
    """What a resize leaves."""

    path: str
    width: int


@worker("resize", max_attempts=3)
def resize(payload: Resize, context: JobContext) -> Thumbnail:
    """Make a thumbnail and ask for it to be optimised; both are recorded together, or neither is."""
    thumbnail = Thumbnail(f"{payload.path}.{payload.width}.webp", payload.width)
    context.info(f"resized {payload.path}")
    context.spawn_child_job("optimise", Optimise(thumbnail.path), unique_key=thumbnail.path)
    return thumbnail


@worker("optimise", spawns=False)
async def optimise(payload: Optimise, context: JobContext) -> int:
    """An ``async def`` worker: hundreds of them wait on one thread."""
    return len(payload.path)


def main(store: Path = Path("thumbnails.db")) -> int:
    """Resize a hundred pictures."""
    pictures = [Resize(f"pictures/{number}.jpg") for number in range(100)]
    with Runtime(store=store, workers=[resize, optimise]) as runtime:
        run = runtime.fan_out("resize", pictures, name="thumbnails", key="thumbnails-2026")
        ended = run.wait(timeout_seconds=60)
    print(f"{ended.state}: {ended.counts.text()}")
    return 0 if ended.counts.completed == 200 else 1


if __name__ == "__main__":
    sys.exit(main(*map(Path, sys.argv[1:])))
