"""One no-op child on an idle runtime: from ``fan_out`` to the run's end, seen by the caller."""

import tempfile
from pathlib import Path
from time import perf_counter

import msgspec

from runtime.benchmark.fanout import percentile
from runtime.benchmark.memory import peak_rss_mb
from runtime.benchmark.noop import Nothing, noop
from runtime.embedding import Runtime
from runtime.settings import RuntimeSettings


class LatencyFigures(msgspec.Struct, frozen=True):
    """Milliseconds from submit to completed."""

    runs: int
    synchronous: str
    p50_ms: float
    p90_ms: float
    p99_ms: float
    max_ms: float
    peak_rss_mb: float


def measure(*, runs: int = 300, synchronous: str = "FULL", directory: Path | None = None) -> LatencyFigures:
    """Submit one child after the other, each when the one before has ended; the first ten are not counted."""
    taken: list[float] = []
    with tempfile.TemporaryDirectory(prefix="quaero-bench-", dir=directory) as scratch:
        settings = RuntimeSettings(
            store=Path(scratch) / "store.db",
            synchronous=synchronous,
            own_process=True,
        )
        with Runtime(settings, workers=[noop]) as runtime:
            for _ in range(runs + 10):
                started = perf_counter()
                runtime.fan_out(noop, [Nothing()]).wait()
                taken.append((perf_counter() - started) * 1000)
    counted = taken[10:]
    return LatencyFigures(
        runs=runs,
        synchronous=synchronous,
        p50_ms=percentile(counted, 0.5),
        p90_ms=percentile(counted, 0.9),
        p99_ms=percentile(counted, 0.99),
        max_ms=round(max(counted), 3),
        peak_rss_mb=round(peak_rss_mb(), 1),
    )
