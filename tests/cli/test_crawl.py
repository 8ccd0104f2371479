"""The main job from the command line: a real site on loopback, crawled, killed, continued, searched."""

import threading
from collections import Counter
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from tests.cli.command import quaero
from tests.cli.running import running

PAGES = 30


class Site(ThreadingHTTPServer):
    """Pages that link to two more each and back home; remembers what was asked for."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Page)
        self.asked: Counter[str] = Counter()
        self.slow = threading.Event()
        self.go = threading.Event()

    @property
    def address(self) -> str:
        """Where it is."""
        return f"http://127.0.0.1:{self.server_port}"


class _Page(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Site

    def do_GET(self) -> None:
        self.server.asked[self.path] += 1
        name = self.path.removeprefix("/")
        number = int(name) if name.isdecimal() else PAGES
        if self.server.slow.is_set() and number > 5:
            self.server.go.wait(100)
        found = number < PAGES
        links = "".join(
            f'<a href="/{each}">{each}</a> ' for each in (2 * number + 1, 2 * number + 2, 0) if each < PAGES
        )
        text = f"<html><head><title>Page {number}</title></head><body><p>word{number} yeast</p>{links}</body></html>"
        body = text.encode()
        self.send_response(200 if found else 404)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - http.server's name
        pass


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    """The running site, and ``crawl.toml`` for it."""
    server = Site()
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    (tmp_path / "crawl.toml").write_text(
        'id = "site"\nname = "Crawl the site"\ntags = ["docs"]\n[step.crawl]\naction = "crawl"\n'
        f'start_urls = ["{server.address}/0"]\nmax_depth = 20\nmax_pages = 500\nrate_limit = 0\n'
        "allow_private_addresses = true\n"
    )
    yield server
    server.go.set()
    server.shutdown()
    thread.join()
    server.server_close()


def test_a_crawl_finds_every_page_once_and_what_it_found_can_be_searched(site: Site, tmp_path: Path) -> None:
    done = quaero("run", "crawl.toml", "--json", cwd=tmp_path)
    assert done.code == 0, done.err
    assert (done.value["state"], done.value["documents"], done.value["counts"]["completed"]) == (
        "completed",
        PAGES,
        PAGES,
    )
    pages = {path: number for path, number in site.asked.items() if path != "/robots.txt"}
    assert pages == {f"/{number}": 1 for number in range(PAGES)}
    documents = quaero("documents", "--json", cwd=tmp_path).value
    assert {each["url"] for each in documents} == {f"{site.address}/{number}" for number in range(PAGES)}
    assert all("docs" in each["tags"] for each in documents)
    hits = quaero("search", "word17", "--json", cwd=tmp_path).value
    assert [hit["title"] for hit in hits] == ["Page 17"]
    assert len(quaero("search", "yeast", "--json", cwd=tmp_path).value) == PAGES
    jobs = quaero("jobs", "--kind", "job", "--json", cwd=tmp_path).value
    assert len(jobs) == PAGES


def test_a_crawl_that_was_killed_is_finished_by_work_with_the_same_documents(
    site: Site, tmp_path: Path
) -> None:
    site.slow.set()
    with running("run", "crawl.toml", cwd=tmp_path) as run:
        run.tells("completed, 0 failed")
        run.process.kill()
        run.end()
    assert "running" in {
        each["state"] for each in quaero("jobs", "--kind", "job", "--json", cwd=tmp_path).value
    }
    site.go.set()
    worked = quaero("work", "--until-idle", "--json", cwd=tmp_path)
    assert (worked.code, worked.value) == (0, {"idle": True, "stranded": []}), worked.err
    run_id = quaero("jobs", "--kind", "run", "--json", cwd=tmp_path).value[0]["id"]
    shown = quaero("show", run_id, "--json", cwd=tmp_path).value
    assert (shown["state"], shown["counts"]["completed"], shown["counts"]["total"]) == (
        "completed",
        PAGES,
        PAGES,
    )
    assert len(quaero("documents", "--json", cwd=tmp_path).value) == PAGES
    ends = [
        event
        for event in quaero(
            "events", "--run", run_id, "--type", "job_status_change", "--json", cwd=tmp_path
        ).values
        if event["job_id"] == run_id and event["data"]["state"] == "completed"
    ]
    assert len(ends) == 1
    assert len(quaero("search", "yeast", "--json", cwd=tmp_path).value) == PAGES
