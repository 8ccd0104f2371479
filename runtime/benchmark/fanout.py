"""No-op children through the public ``fan_out``, from the submit to the end of every parent, beside the raw floor."""

import asyncio
import tempfile
from pathlib import Path
from time import perf_counter

import msgspec

from actors.worker import JobWorker
from runtime.benchmark.floor import floor_rate
from runtime.benchmark.memory import peak_rss_mb
from runtime.benchmark.noop import Nothing, noop, noop_async
from runtime.embedding import Run, Runtime
from runtime.settings import RuntimeSettings
from runtime.store.reading.reader import StoreReader

CLIENTS = 32
"""Submits under way at once."""


class Latency(msgspec.Struct, frozen=True):
    """Milliseconds."""

    p50: float
    p99: float


class FanOutFigures(msgspec.Struct, frozen=True):
    """What ``quaero bench fanout`` measured; ``latency_ms`` is from a parent's last child's end to its own."""

    children: int
    parents: int
    synchronous: str
    jobs_per_second: float
    floor_jobs_per_second: float
    of_floor: float
    latency_ms: Latency
    peak_rss_mb: float


class IncompleteRunError(RuntimeError):
    """The benchmark's own run did not complete as it must."""


def measure(
    *,
    children: int,
    parents: int = 1,
    synchronous: str = "FULL",
    directory: Path | None = None,
    loop: bool = False,
) -> FanOutFigures:
    """Run ``parents`` fan-outs of ``children`` no-op jobs each.

    Args:
        children: jobs per parent.
        parents: runs, each with one step.
        synchronous: of SQLite: FULL, NORMAL or OFF.
        directory: where the stores are made; None = the system's temporary directory.
        loop: use the worker that is an ``async def``.

    Raises:
        IncompleteRunError: a run did not complete, or a count is wrong.
    """
    with tempfile.TemporaryDirectory(prefix="quaero-bench-", dir=directory) as scratch:
        store = Path(scratch) / "store.db"
        settings = RuntimeSettings(store=store, synchronous=synchronous, own_process=True)
        worker = noop_async if loop else noop
        with Runtime(settings, workers=[worker]) as runtime:
            started = perf_counter()
            for run in asyncio.run(_fan_out(runtime, worker, children, parents)):
                run.wait_for_end()
            seconds = perf_counter() - started
        memory = peak_rss_mb()
        latencies = _verified_latencies(store, children, parents)
        rate = children * parents / seconds
        floor = floor_rate(store, Path(scratch) / "floor.db", synchronous=synchronous)
    return FanOutFigures(
        children=children,
        parents=parents,
        synchronous=synchronous,
        jobs_per_second=round(rate, 1),
        floor_jobs_per_second=round(floor, 1),
        of_floor=round(rate / floor, 3),
        latency_ms=Latency(p50=percentile(latencies, 0.5), p99=percentile(latencies, 0.99)),
        peak_rss_mb=round(memory, 1),
    )


async def _fan_out(runtime: Runtime, worker: JobWorker, children: int, parents: int) -> list[Run]:
    """Submit every parent, some at a time as a service with many clients would."""
    clients = asyncio.Semaphore(CLIENTS)

    async def one(number: int) -> Run:
        async with clients:
            return await runtime.fan_out_async(worker, map(Nothing, range(children)), name=f"bench {number}")

    return await asyncio.gather(*map(one, range(parents)))


def percentile(values: list[float], share: float) -> float:
    """The value below which that share of the values lies."""
    ordered = sorted(values)
    return round(ordered[min(int(len(ordered) * share), len(ordered) - 1)], 3) if ordered else 0.0


def _verified_latencies(store: Path, children: int, parents: int) -> list[float]:
    """Check the rows, not the runtime's own counters; then read from them how long parents took to end."""
    reader = StoreReader(store)
    try:
        with reader.snapshot() as connection:
            completed, runs = (
                connection.execute(
                    "SELECT count(*) FROM job WHERE kind = ? AND state = 'completed'", (kind,)
                ).fetchone()[0]
                for kind in ("job", "run")
            )
            rows = connection.execute(
                "SELECT run.finished_at - max(child.finished_at) FROM job AS run"
                " JOIN job AS step ON step.parent_id = run.id JOIN job AS child ON child.parent_id = step.id"
                " WHERE run.kind = 'run' GROUP BY run.id"
            ).fetchall()
    finally:
        reader.close()
    if completed != children * parents or runs != parents:
        raise IncompleteRunError(
            f"{completed} of {children * parents} jobs and {runs} of {parents} runs completed"
        )
    return [float(row[0]) for row in rows]
