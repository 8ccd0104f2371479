"""What listeners cost: the latency of jobs that come at a steady pace, with a hundred and ten WebSockets and with none.

Phases without and with them take turns in one process, so that both meet the same disk and the same neighbours. The
listeners are processes of their own (``listeners``); a hundred read all events and check them, ten read nothing.
"""

import gc
import json
import resource
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from typing import Any

import msgspec

from runtime import Runtime
from runtime.benchmark.fanout import percentile
from runtime.benchmark.noop import Nothing, noop
from runtime.gateway.serving import GatewayServer
from runtime.gateway.settings import GatewaySettings

READING, SILENT = 100, 10
PER_SECOND = 200
CLIENTS = 8
"""Threads that submit; each waits for its job's end before the next."""
SHARE = 0.99


class Phase(msgspec.Struct, frozen=True):
    """What one phase measured."""

    p50_ms: float
    p99_ms: float
    jobs: int
    late: int  # not submitted at their time, since those before had not ended
    cpu_seconds: float
    rss_mb: float


class Difference(msgspec.Struct, frozen=True):
    """Both kinds of phases beside each other."""

    none_ms: float
    with_ms: float
    ratio: float
    faults: list[str]


def paced(runtime: Runtime, seconds: float) -> Phase:
    """Jobs at the pace for so long: a run of one job each, from submit to its end."""
    each, taken, late = PER_SECOND / CLIENTS, list[float](), list[int]()
    begin = time.perf_counter() + 0.05

    def client(place: int) -> None:
        for number in range(int(seconds * each)):
            at = begin + (number + place / CLIENTS) / each
            if (wait := at - time.perf_counter()) > 0:
                time.sleep(wait)
            started = time.perf_counter()
            late.append(started > at + 1 / each)
            runtime.fan_out(noop, [Nothing()]).wait_for_end(60)
            taken.append(1000 * (time.perf_counter() - started))

    used = time.process_time()
    threads = [threading.Thread(target=client, args=(place,)) for place in range(CLIENTS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return Phase(
        percentile(taken, 0.5),
        percentile(taken, SHARE),
        len(taken),
        sum(late),
        time.process_time() - used,
        rss_mb(),
    )


@contextmanager
def listening(
    url: str, runtime: Runtime, reading: int = READING, silent: int = SILENT
) -> Iterator[dict[str, Any]]:
    """The listeners; at the end what they saw."""
    told: dict[str, Any] = {}
    command = [
        sys.executable,
        "-m",
        "tests.speed.listeners",
        f"{url.replace('http', 'ws')}/ws",
        str(reading),
        str(silent),
    ]
    with subprocess.Popen(
        ["nice", "-n", "0", *command],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=Path(__file__).parents[2],
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(f"{runtime.reader.last_event()}\n")
        process.stdin.flush()
        process.stdout.readline()
        yield told
        process.stdin.write(f"{runtime.reader.last_event()}\n")
        process.stdin.flush()
        told.update(json.loads(process.stdout.readline()))


def rss_mb() -> float:
    """Memory of this process now."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * resource.getpagesize() / (1 << 20)


def difference(store: Path, rounds: int, seconds: float, say: Callable[[str], None]) -> Difference:
    """Rounds of both kinds. What the listeners missed or got out of order are faults."""
    without, with_them, faults = list[Phase](), list[Phase](), list[str]()
    with Runtime(store=store, workers=[noop]) as runtime:
        server = GatewayServer(runtime, GatewaySettings(port=0))
        server.start()
        paced(runtime, 2)
        for number in range(rounds):
            gc.collect()
            without.append(paced(runtime, seconds))
            with listening(server.url, runtime) as told:
                gc.collect()
                with_them.append(paced(runtime, seconds))
                told["waiting"] = server.waiting_bytes
            faults += told["faults"]
            for name, phase in (("none", without[-1]), ("with", with_them[-1])):
                say(f"round {number + 1}, {name}: {msgspec.json.encode(phase).decode()}")
            seen = told["until"] - told["after"]
            say(
                f"    each saw {seen} events in {told['frames']} frames; {told['waiting']} bytes waited for them"
            )
        server.stop()
    none, some = median(each.p99_ms for each in without), median(each.p99_ms for each in with_them)
    return Difference(none, some, some / none, faults)
