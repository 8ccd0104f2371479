"""Time, chance and ids come through actors/seams.py: ruff refuses every other way, and with it ``make lint`` does."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
RUFF = Path(sys.executable).with_name("ruff")

WAYS = (
    "import time; time.time()",
    "import time; time.time_ns()",
    "import time; time.monotonic()",
    "import time; time.monotonic_ns()",
    "import time; time.perf_counter()",
    "import time; time.perf_counter_ns()",
    "import time; time.process_time()",
    "import time; time.clock_gettime(time.CLOCK_BOOTTIME)",
    "import time; time.clock_gettime_ns(time.CLOCK_REALTIME)",
    "import time; time.localtime()",
    "import time; time.gmtime()",
    "import time; time.ctime()",
    'import time; time.strftime("%Y")',
    "import time; time.sleep(1)",
    "import time as clock; clock.time()",
    "from time import time; time()",
    "from time import monotonic as now; now()",
    "import random; random.random()",
    "import random; random.Random(1)",
    "import random; random.SystemRandom()",
    "from random import choice; choice((1, 2))",
    "import secrets; secrets.token_hex()",
    "from secrets import token_bytes; token_bytes()",
    "import uuid; uuid.uuid1()",
    "import uuid; uuid.uuid4()",
    "import uuid; uuid.uuid6()",
    "import uuid; uuid.uuid7()",
    "import uuid; uuid.uuid8()",
    "from uuid import uuid4; uuid4()",
    "import os; os.urandom(8)",
    "import os; os.getrandom(8)",
    "from os import urandom; urandom(8)",
    "import datetime; datetime.datetime.now()",
    "import datetime as dt; dt.datetime.now(dt.UTC)",
    "from datetime import datetime, UTC; datetime.now(UTC)",
    "from datetime import datetime; datetime.utcnow()",
    "from datetime import datetime; datetime.today()",
    "from datetime import date; date.today()",
)
"""Each on a line of its own."""
PLACES = (
    "actors/worker/probe.py",
    "runtime/probe.py",
    "runtime/store/verbs/probe.py",
    "runtime/engine/probe.py",
)


@pytest.mark.parametrize("place", PLACES)
def test_every_way_to_time_and_chance_but_the_seams_is_refused(place: str) -> None:
    refused = {line for line, _ in _refused(place, "\n".join(WAYS))}

    assert [way for line, way in enumerate(WAYS, 1) if line not in refused] == []


def test_nothing_is_said_of_what_has_no_time_and_no_chance_in_it() -> None:
    fine = 'import uuid; uuid.uuid5(uuid.NAMESPACE_URL, "x")\nfrom datetime import datetime, UTC\n'

    assert _refused("runtime/probe.py", f"{fine}datetime.fromtimestamp(0, UTC)") == []


def test_the_seams_may() -> None:
    assert _refused("actors/seams.py", "\n".join(WAYS)) == []


def test_no_file_switches_the_rule_off() -> None:
    files = [path for root in ("actors", "runtime") for path in (ROOT / root).rglob("*.py")]

    assert [str(path) for path in files if "TID251" in path.read_text(encoding="utf-8")] == []


def _refused(place: str, text: str) -> list[tuple[int, str]]:
    """Line and message of every finding of the rule in that text, were it the file at that place."""
    done = subprocess.run(
        [
            RUFF,
            "check",
            "--no-cache",
            "--select",
            "TID251",
            "--output-format",
            "concise",
            "--stdin-filename",
            place,
            "-",
        ],
        input=text,
        capture_output=True,
        text=True,
        cwd=ROOT,
        check=False,
    )
    assert done.returncode in (0, 1), done.stderr
    found = [line.split(":", 3) for line in done.stdout.splitlines() if "TID251" in line]
    return [(int(line), message) for _, line, _, message in found]
