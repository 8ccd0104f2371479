"""Crawls by the real command: their definitions, their processes, and what an outsider reads in their stores."""

import json
import os
import signal
import sqlite3
import subprocess
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from threading import Event
from time import monotonic
from typing import Any

from tests.cli.command import command_line, quaero, surroundings

STORE = "quaero.db"
ENDS = {"completed", "completed_with_failures", "failed", "cancelled"}
SECONDS = 100.0
"""A process that has not ended by then hangs."""


def define(directory: Path, *urls: str, allow: bool = True, **keys: Any) -> str:
    """Write ``crawl.toml`` with one crawl step; returns its name.

    Unless the keys say otherwise the crawl is without limits, of eight pages at once. ``allow`` permits loopback.
    """
    step = {
        "action": "crawl",
        "start_urls": list(urls),
        "max_depth": 100,
        "max_pages": 0,
        "concurrency": 8,
        "rate_limit": 0,
        "retry_backoff": 20,
        **({"allow_private_addresses": True} if allow else {}),
        **keys,
    }
    lines = [f"{key} = {json.dumps(value)}" for key, value in step.items()]
    head = ['id = "site"', 'name = "Crawl a site"', 'tags = ["e2e"]', "[step.crawl]"]
    (directory / "crawl.toml").write_text("\n".join([*head, *lines]) + "\n")
    return "crawl.toml"


@contextmanager
def started(*arguments: object, cwd: Path) -> "Iterator[subprocess.Popen[str]]":
    """Start the command in a process group of its own; what is left of it is killed at the end."""
    with subprocess.Popen(
        command_line(*arguments),
        cwd=cwd,
        env=surroundings(),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    ) as process:
        try:
            yield process
        finally:
            if process.poll() is None:
                kill_group(process)


def kill_group(process: "subprocess.Popen[str]") -> None:
    """SIGKILL to the whole group, which must be alive, and wait for the end."""
    assert process.poll() is None, f"it ended by itself: {process.communicate()}"
    os.killpg(process.pid, signal.SIGKILL)
    assert process.wait(SECONDS) == -signal.SIGKILL


def end_of(process: "subprocess.Popen[str]", *, seconds: float = SECONDS) -> tuple[int, str]:
    """The exit code, and what was told on stderr."""
    told = process.communicate(timeout=seconds)[1]
    return process.returncode, told


def a_moment(seconds: float) -> None:
    """Let others go on: a kill is to come at any time, and not when something has just happened."""
    Event().wait(seconds)


def until(condition: Callable[[], object], *, what: str, seconds: float = 100.0) -> float:
    """Wait for something that another process does; returns the seconds it took."""
    pause, start = Event(), monotonic()
    while not condition():
        assert monotonic() - start < seconds, f"{what} did not happen within {seconds:g} s"
        pause.wait(0.005)
    return monotonic() - start


def rows(directory: Path, query: str, *parameters: object) -> list[tuple[Any, ...]]:
    """Rows of the store, read by bare ``sqlite3``."""
    path = directory / STORE
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True, timeout=10)) as connection:
        return connection.execute(query, parameters).fetchall()


def running_jobs(directory: Path) -> int:
    """Jobs under a lease."""
    return int(rows(directory, "SELECT count(*) FROM job WHERE kind = 'job' AND state = 'running'")[0][0])


def jobs_by_path(directory: Path, origin: str) -> dict[str, dict[str, Any]]:
    """What ``jobs --json`` says of each page, by its path. Each URL has one job."""
    found = quaero("jobs", "--kind", "job", "--json", cwd=directory).value
    by_path = {each["name"].removeprefix(origin): each for each in found}
    assert len(by_path) == len(found)
    return by_path


def document_paths(directory: Path, origin: str) -> set[str]:
    """The paths of the documents. Each URL has one document, saved once, and all rows are shown."""
    found = quaero("documents", "--json", cwd=directory).value
    urls = [each["url"] for each in found]
    assert len(set(urls)) == len(urls)
    assert rows(directory, "SELECT count(*) FROM document") == [(len(urls),)]
    assert rows(directory, "SELECT count(*), count(DISTINCT document_id) FROM document_save") == [
        (len(urls),) * 2
    ]
    return {url.removeprefix(origin) for url in urls}


def assert_counts_are_rows(directory: Path) -> dict[str, int]:
    """``show --json`` of run and step, ``jobs --json`` and the rows say the same; returns the jobs by their state."""
    states = dict(rows(directory, "SELECT state, count(*) FROM job WHERE kind = 'job' GROUP BY state"))
    parents = rows(directory, "SELECT id, kind FROM job WHERE kind <> 'job'")
    shown = quaero("jobs", "--json", cwd=directory).value
    assert Counter(each["state"] for each in shown if each["kind"] == "job") == states
    assert sorted(kind for _, kind in parents) == ["run", "step"]
    for each in shown:
        if each["kind"] == "job":
            continue
        one = quaero("show", each["id"], "--json", cwd=directory).value
        counts = one["counts"]
        assert counts.pop("total") == sum(states.values())
        assert {state: count for state, count in counts.items() if count} == states
        assert counts == {key: each["counts"][key] for key in counts}
    return states


def assert_each_ended_once(directory: Path) -> None:
    """The stream of events has exactly one end of the run, of its step and of every page."""
    ends: Counter[str] = Counter()
    for event in quaero("events", "--json", cwd=directory).values:
        if event["type"] == "job_status_change" and event["data"]["state"] in ENDS:
            ends[event["job_id"]] += 1
    assert [(len(ends),)] == rows(directory, "SELECT count(*) FROM job")
    assert set(ends.values()) == {1}
