"""A subscriber over HTTP whose service is killed by SIGKILL again and again, and who comes back with its cursor."""

import asyncio
import json
import random
import re
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest

from tests.cli.command import quaero
from tests.cli.running import Running, running
from tests.gateway.sockets import socket_at
from tests.gateway.test_serve import CONFIG
from tests.outside.test_event_cursors import recorded
from tests.terminal.judge import Judge

GATES = """id = "gates"
name = "Gates"

[step.gates]
action = "gates"
gates = 25
"""
"""All gates are open."""

NUMBER = re.compile(r'"specversion":"1.0","id":"([0-9]+)"')
"""Of a stored event; progress has none."""
Told = Callable[[str, list[int], int], None]
KILLS = [2, pytest.param(40, marks=[pytest.mark.soak, pytest.mark.timeout(900)])]


@pytest.fixture
def place(tmp_path: Path) -> Path:
    (tmp_path / "quaero.toml").write_text(CONFIG)
    (tmp_path / "definitions").mkdir()
    (tmp_path / "definitions" / "gates.toml").write_text(GATES)
    return tmp_path


def url_of(command: Running) -> str:
    command.prints(1)
    return str(json.loads(command.printed[0])["url"])


def told_by_stream(url: str, seen: list[int], until: int) -> None:
    """Read on after the last event that was seen, to that one."""
    last = {"Last-Event-ID": str(seen[-1] if seen else 0)}
    with (
        httpx.Client(timeout=100, trust_env=False) as client,
        client.stream("GET", f"{url}/api/events", headers=last) as response,
    ):
        for line in response.iter_lines():
            if line.startswith("id: "):
                seen.append(int(line[4:]))
                if seen[-1] >= until:
                    return


def told_by_socket(url: str, seen: list[int], until: int) -> None:
    """The same by WebSocket; a frame is whole or not there."""

    async def read() -> None:
        address = f"{url.replace('http', 'ws')}/ws?after={seen[-1] if seen else 0}"
        async with socket_at(address, max_size=1 << 26) as socket:
            while not seen or seen[-1] < until:
                seen.extend(map(int, NUMBER.findall(str(await socket.recv()))))

    asyncio.run(read())


@pytest.mark.parametrize("kills", KILLS)
@pytest.mark.parametrize("told", [told_by_stream, told_by_socket], ids=["stream", "socket"])
def test_a_subscriber_misses_nothing_and_sees_nothing_twice_though_the_service_is_killed(
    place: Path, kills: int, told: Told
) -> None:
    chance = random.Random(kills)  # noqa: S311 (to be repeated)
    seen: list[int] = []
    for _ in range(kills):
        with running("serve", "--port", 0, "--json", cwd=place) as command:
            url = url_of(command)
            for _ in range(3):
                made = httpx.post(f"{url}/api/job-definitions/gates/execute", timeout=100, trust_env=False)
                assert made.status_code == 202
            told(url, seen, (seen[-1] if seen else 0) + chance.randrange(1, 60))
            command.process.kill()
    assert quaero("work", "--until-idle", cwd=place).code == 0
    with Judge(place / "quaero.db") as judge:
        stored = [number for number, _, _ in recorded(judge)]
        assert judge.value("SELECT count(*) FROM job WHERE kind = 'job'") == kills * 3 * 25
    with running("serve", "--port", 0, "--json", cwd=place) as command:
        told(url_of(command), seen, stored[-1])
    assert seen == stored == [*range(1, len(stored) + 1)]
