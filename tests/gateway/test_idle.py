"""``quaero serve`` that has nothing to do costs nothing: processor and memory of the real process."""

import json
import os
import subprocess
from pathlib import Path

import httpx
import pytest

from tests.cli.running import running
from tests.gateway.test_serve import CONFIG
from tests.machine import slowness, soonest

SHARE_OF_A_CORE = 0.01
MEMORY_MB = 120


def cpu_seconds(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def memory_mb(pid: int) -> float:
    [line] = [each for each in Path(f"/proc/{pid}/status").read_text().splitlines() if "VmHWM" in each]
    return int(line.split()[1]) / 1024


@pytest.mark.parametrize("seconds", [6, pytest.param(60, marks=pytest.mark.soak)])
def test_an_idle_service_takes_under_a_hundredth_of_a_core_and_120_mb(tmp_path: Path, seconds: int) -> None:
    (tmp_path / "quaero.toml").write_text(CONFIG)
    (tmp_path / "definitions").mkdir()
    with running("serve", "--port", 0, "--json", cwd=tmp_path) as command:
        command.prints(1)
        url = json.loads(command.printed[0])["url"]
        with httpx.Client(base_url=url, trust_env=False, timeout=100) as client:
            for path in ("/", "/api/jobs", "/api/jobs/stats", "/api/schema/openapi.json", "/metrics"):
                assert client.get(path).status_code == 200
            with client.stream("GET", "/api/events?mode=latest&level=parents") as events:
                next(events.iter_lines())  # a page that is open

                def used() -> float:
                    before = cpu_seconds(command.process.pid)
                    with pytest.raises(subprocess.TimeoutExpired):
                        command.process.wait(seconds)
                    return cpu_seconds(command.process.pid) - before

                most = SHARE_OF_A_CORE * seconds * slowness()
                assert soonest(used, most) < most  # what the start has left to do is over after a while
        assert memory_mb(command.process.pid) < MEMORY_MB
