"""Crawls with ``render = "browser"`` by the real command: what they see, and that no browser outlives them."""

import os
import signal
import subprocess
from collections.abc import Callable
from pathlib import Path
from threading import Event

import pytest

from actors.worker.crawler.browser.chromium import browser_problem
from tests.cli.command import quaero
from tests.crawl.crawls import define, document_paths, end_of, kill_group, rows, started, until
from tests.crawl.site import Answer, Site
from tests.worker.crawler.browser.processes import below, gone, processes

PROBLEM = browser_problem("")
needs_browser = pytest.mark.skipif(PROBLEM is not None, reason=f"rendering {PROBLEM}")

SHELL = b"<html><head><title>App</title></head><body><div id=app></div><script src=/app.js></script></body></html>"
SCRIPT = b"""
fetch('/data.json').then(each => each.json()).then(names => {
    document.getElementById('app').innerHTML = names
        .map(each => `<p>${each}</p><a href="/${each}">${each}</a>`).join('');
});
"""


def application(hold: Event | None = None) -> Callable[[str, int], Answer]:
    """A site whose pages are empty without its script; its data is held back while the event is not set."""

    def answer(path: str, _: int) -> Answer:
        if path == "/app.js":
            return Answer(SCRIPT, content_type="text/javascript")
        if path == "/data.json":
            if hold is not None:
                hold.wait(100)
            return Answer(b'["one", "two"]', content_type="application/json")
        return Answer(status=404) if path == "/robots.txt" else Answer(SHELL)

    return answer


@needs_browser
def test_pages_that_scripts_make_are_read_and_followed_by_the_browser_alone(tmp_path: Path) -> None:
    for mode, paths in (("none", {"/"}), ("browser", {"/", "/one", "/two"})):
        directory = tmp_path / mode
        directory.mkdir()
        with Site(application()) as site:
            done = quaero("run", define(directory, f"{site.origin}/", render=mode), "--json", cwd=directory)
            assert (done.code, done.value["state"]) == (0, "completed"), done.err
            assert document_paths(directory, site.origin) == paths
        texts = [row[0] for row in rows(directory, "SELECT body FROM document")]
        assert all(("one" in text and "two" in text) == (mode == "browser") for text in texts)


def kill_process(process: "subprocess.Popen[str]") -> None:
    os.kill(process.pid, signal.SIGKILL)
    process.wait(100)


def interrupt(process: "subprocess.Popen[str]") -> None:
    """As a terminal does it: to the whole group."""
    os.killpg(process.pid, signal.SIGINT)
    process.wait(100)


@needs_browser
@pytest.mark.parametrize(
    "end",
    [
        kill_process,
        pytest.param(kill_group, marks=pytest.mark.browser),
        pytest.param(interrupt, marks=pytest.mark.browser),
    ],
)
def test_no_process_of_the_browser_outlives_its_runtime_and_the_page_is_read_by_the_next(
    tmp_path: Path, end: Callable[["subprocess.Popen[str]"], None]
) -> None:
    hold = Event()
    with Site(application(hold)) as site:
        definition = define(tmp_path, f"{site.origin}/", render="browser", max_depth=1)
        with started("run", definition, cwd=tmp_path) as process:
            until(lambda: site.times_asked["/data.json"], what="the script's request")
            there = set(below(process.pid))
            assert processes(process.pid, "browser")
            end(process)
            assert gone(there)
        hold.set()
        with started("work", "--until-idle", cwd=tmp_path) as process:
            code, told = end_of(process)
            assert code == 0, told
        assert document_paths(tmp_path, site.origin) == {"/"}
    assert rows(tmp_path, "SELECT state, attempt FROM job WHERE kind = 'job'") == [("completed", 1)]


def test_a_step_to_be_rendered_where_there_is_no_browser_is_told_with_its_line(tmp_path: Path) -> None:
    definition = define(tmp_path, "http://127.0.0.1:9/", render="browser")
    done = quaero(
        "run", definition, cwd=tmp_path, QUAERO_WORKERS__CRAWLER_URL__BROWSER_PATH="/nowhere/chromium"
    )
    assert (done.code, done.out) == (2, "")
    assert done.err.startswith("crawl.toml:13: ")
    assert "browser_path = '/nowhere/chromium' is no executable file" in done.err
    wrong = quaero("check", define(tmp_path, "http://127.0.0.1:9/", render="brwser"), cwd=tmp_path)
    assert wrong.code == 2
    assert 'render must be "browser" or "none", got "brwser"; did you mean "browser"?' in wrong.err
