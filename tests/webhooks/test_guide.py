"""docs/webhooks.md shows the receiver of docs/examples, and that works as it is printed."""

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from actors.seams import SystemRandom
from actors.webhooks.signature import new_secret
from runtime import Runtime
from tests.embedding.processes import ROOT
from tests.embedding.workers import Number

EXAMPLE = ROOT / "docs/examples/webhook_receiver.py"


@pytest.fixture
def secret() -> str:
    return new_secret(SystemRandom())


@pytest.fixture
def process(secret: str) -> Iterator["subprocess.Popen[str]"]:
    """The receiver in a process of its own, on any free port."""
    started = subprocess.Popen(
        [sys.executable, "-W", "error", str(EXAMPLE), "0"],
        env={"QUAERO_SECRET": secret},
        stdout=subprocess.PIPE,
        text=True,
    )
    with started:
        yield started
        started.terminate()


def line(process: "subprocess.Popen[str]") -> str:
    assert process.stdout is not None
    return process.stdout.readline().strip()


def test_the_guide_prints_the_example_as_it_is() -> None:
    (printed,) = re.findall(r"```python\n(.*?)```", (ROOT / "docs/webhooks.md").read_text("utf-8"), re.DOTALL)
    assert printed == EXAMPLE.read_text("utf-8")


def test_the_guides_receiver_handles_each_event_once(
    runtime: Runtime, process: "subprocess.Popen[str]", secret: str, tmp_path: Path
) -> None:
    del tmp_path
    port = line(process).removeprefix("listening on port ")
    url = f"http://127.0.0.1:{port}/"
    runtime.set_webhook("wrong", url, level="runs", allow_private_addresses=True)
    runtime.set_webhook(
        "ops",
        url,
        secret=secret,
        level="runs",
        events=("job_status_change",),
        allow_private_addresses=True,
    )
    runtime.fan_out("double", [Number(1)]).wait(100)
    told = {line(process).split(" ", 1)[1] for _ in range(3)}
    assert told == {f"job_status_change double {state}" for state in ("pending", "running", "completed")}
