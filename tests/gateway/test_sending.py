"""WebSockets are sent to by a process of their own: it comes and goes, dies, and nobody misses an event."""

import asyncio
import os
import random
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import httpx
import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from runtime.events.cloud_events import PROGRESS
from tests.cli.running import running
from tests.embedding.processes import until
from tests.embedding.workers import Number, Where, double
from tests.gateway.conftest import Service
from tests.gateway.sockets import socket_at
from tests.gateway.test_cut_off import place, url_of
from tests.gateway.test_streams import all_events, decode

__all__ = ["place"]

NEVER = 1 << 60
"""An event that does not come."""


def sending_process(of: int) -> int:
    """The process that this one has started to send."""
    for each in Path(f"/proc/{of}/task/{of}").parent.glob("*/children"):
        with suppress(OSError):  # a thread that has ended meanwhile
            for child in each.read_text().split():
                if _is_sending(Path(f"/proc/{child}")):
                    return int(child)
    raise AssertionError("no process sends")


def _is_sending(process: Path) -> bool:
    try:
        return b"runtime.gateway.sending" in (process / "cmdline").read_bytes()
    except OSError:  # it has ended meanwhile
        return False


def socket_of(service: Service, after: int | None = 0) -> connect:
    query = "" if after is None else f"?after={after}"
    return socket_at(f"{service.server.url.replace('http', 'ws')}/ws{query}", max_size=1 << 24)


async def read_until(socket: ClientConnection, until: int, seen: list[int]) -> None:
    """Read on to that event."""
    while not seen or seen[-1] < until:
        message = decode(await socket.recv())
        batch = message["payload"] if message["type"] == "batch" else [message]
        seen += [int(each["payload"]["id"]) for each in batch if each["type"] != PROGRESS]


@asynccontextmanager
async def ending(process: int) -> AsyncIterator[None]:
    """The block has that process end, and the end is waited for: a zombie has ended too."""
    descriptor = os.pidfd_open(process)  # now: whoever has started it may have taken leave of it by the end
    try:
        yield
        loop, gone = asyncio.get_running_loop(), asyncio.Event()
        loop.add_reader(descriptor, gone.set)
        async with asyncio.timeout(100):
            await gone.wait()
        loop.remove_reader(descriptor)
    finally:
        os.close(descriptor)


def test_a_socket_is_sent_to_by_another_process_which_ends_with_the_server(service: Service) -> None:
    async def scene() -> None:
        async with socket_of(service, None) as socket:
            assert decode(await socket.recv())["type"] == "snapshot"
            process = sending_process(os.getpid())
            service.runtime.fan_out(double, [Number(1)]).wait(100)
            seen = [0]
            await read_until(socket, service.runtime.reader.last_event(), seen)
            assert seen[1:] == all_events(service)
            async with ending(process):
                await asyncio.to_thread(service.server.stop)
            with pytest.raises(ConnectionClosed):
                await read_until(socket, NEVER, seen)
            assert socket.close_code == 1001

    asyncio.run(scene())


def test_pings_are_answered_and_a_client_may_say_goodbye(service: Service) -> None:
    async def scene() -> None:
        socket = await socket_of(service)
        service.runtime.fan_out(double, [Number(1)]).wait(100)
        await read_until(socket, service.runtime.reader.last_event(), [])
        async with asyncio.timeout(100):
            await (await socket.ping())
            await socket.close(1000, "that is all")
        assert socket.close_code == 1000

    asyncio.run(scene())


def test_when_the_sending_process_is_killed_clients_come_back_and_miss_nothing(service: Service) -> None:
    chance = random.Random(11)  # noqa: S311 (to be repeated)
    seen: list[int] = []
    assert service.server._gate is not None
    sending = service.server._gate.sending

    async def scene() -> None:
        for _ in range(4):
            runs = [service.runtime.fan_out(double, [Number(each) for each in range(5)]) for _ in range(3)]
            async with socket_of(service, seen[-1] if seen else 0) as socket:
                await read_until(socket, (seen[-1] if seen else 0) + chance.randrange(1, 40), seen)
                process = sending_process(os.getpid())
                os.kill(process, signal.SIGKILL)
                with pytest.raises(ConnectionClosed):
                    await read_until(socket, NEVER, seen)
            # The next socket must not be given to the one that ends: the server has to have noticed.
            await asyncio.to_thread(until, lambda: sending.pid is None)
            for run in runs:
                await run.wait_async(100)
        async with socket_of(service, seen[-1]) as socket:
            await read_until(socket, service.runtime.reader.last_event(), seen)

    asyncio.run(scene())
    assert seen == all_events(service)


def test_progress_of_steps_and_runs_comes_to_its_end_as_by_the_stream(service: Service) -> None:
    async def scene() -> None:
        async with socket_of(service, None) as socket:
            await socket.recv()
            run = await service.runtime.fan_out_async(double, [Number(each) for each in range(40)])
            ended: dict[str, int] = {}
            async with asyncio.timeout(100):
                while len(ended) < 2:
                    message = decode(await socket.recv())
                    batch = message["payload"] if message["type"] == "batch" else [message]
                    for each in (one["payload"] for one in batch if one["type"] == PROGRESS):
                        assert each["correlationid"] == run.id
                        if each["data"]["status"] == "completed":
                            ended[each["subject"]] = each["data"]["counts"]["completed"]
            step = service.runtime.reader.run(run.number)
            assert step is not None
            assert ended == {run.id: 40, step["steps"][0]["job_id"]: 40}

    asyncio.run(scene())


def test_progress_as_stored_is_that_of_each_step_and_run(service: Service) -> None:
    """Asked for together."""
    runs = [service.runtime.fan_out(double, [Number(each)] * size) for size, each in ((3, 1), (1, 2))]
    runs.append(service.runtime.fan_out("poison", [Where("permanent"), Where("fine")]))
    for run in runs:
        run.wait(100)
    found = service.runtime.reader.progress([*(run.number for run in runs), 7])
    assert {each.id: (each.state, each.counts) for each in found if each.id == each.run_id} == {
        run.number: (run.state, run.progress()) for run in runs
    }
    steps = {each.run_id: each for each in found if each.id != each.run_id}
    assert {run: steps[run].counts for run in steps} == {run.number: run.progress() for run in runs}
    assert all(each.named for each in steps.values())


def test_it_ends_with_a_service_that_is_killed(place: Path) -> None:
    async def scene() -> None:
        with running("serve", "--port", 0, "--json", cwd=place) as command:
            url = url_of(command)
            async with socket_at(f"{url.replace('http', 'ws')}/ws") as socket:
                await socket.recv()
                process = sending_process(command.process.pid)
                async with ending(process):
                    command.process.kill()

    asyncio.run(scene())


def test_ctrl_c_is_the_services_affair(place: Path) -> None:
    async def scene() -> None:
        with running("serve", "--port", 0, "--json", cwd=place) as command:
            url = url_of(command)
            async with socket_at(f"{url.replace('http', 'ws')}/ws?after=0") as socket:
                async with httpx.AsyncClient(base_url=url, trust_env=False, timeout=100) as client:
                    made = await client.post("/api/job-definitions/gates/execute")
                assert made.status_code == 202
                await read_until(socket, 1, [])
                process = sending_process(command.process.pid)
                async with ending(process):
                    os.kill(process, signal.SIGINT)
                    os.kill(process, signal.SIGTERM)
                    await (await socket.ping())
                    command.process.send_signal(signal.SIGINT)
            assert command.end().code == 0

    asyncio.run(scene())
