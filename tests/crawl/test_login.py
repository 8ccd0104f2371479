"""A site behind a login, crawled with an auth record by the real command; what is secret stays so."""

import json
import random
from pathlib import Path

import pytest

from tests.cli.command import quaero
from tests.crawl.crawls import (
    assert_counts_are_rows,
    assert_each_ended_once,
    define,
    document_paths,
    end_of,
    jobs_by_path,
    kill_group,
    rows,
    running_jobs,
    started,
)
from tests.crawl.site import Answer, Request, Site

SECRET = "s3cr3t-of-the-session"
PAGES = {
    "/": ["/team", "/news/1", "/expired"],
    "/team": ["/team/a", "/team/b", "/old"],
    "/team/a": ["/"],
    "/team/b": ["/news/1"],
    "/news/1": [f"/news/{number}" for number in range(2, 12)],
    **{f"/news/{number}": ["/"] for number in range(2, 12)},
    "/moved": [],
    "/expired": [],
}
COOKIES = [
    {"name": "sid", "value": SECRET, "domain": "127.0.0.1", "path": "/", "httpOnly": True},
    {"name": "team", "value": SECRET, "domain": "127.0.0.1", "path": "/team", "expires": 4e9},
    {"name": "over", "value": SECRET, "domain": "127.0.0.1", "path": "/", "expires": 1},
    {"name": "tls", "value": SECRET, "domain": "127.0.0.1", "path": "/", "secure": True},
    {"name": "else", "value": SECRET, "domain": "example.com", "path": "/"},
]


def answers(path: str, _before: int) -> Answer:
    if path == "/old":
        return Answer(status=302, location="/moved", headers={"Set-Cookie": f"way={SECRET}; Path=/moved"})
    if path not in PAGES:
        return Answer(status=404)
    links = "".join(f'<a href="{each}">x</a>' for each in PAGES[path])
    return Answer(f"<title>{path}</title><main><p>inside</p>{links}</main>".encode())


def gate(request: Request) -> Answer | None:
    """What the site lets in: each page wants exactly the cookies that it should be sent."""
    sent = {each.split("=")[0] for each in request.headers.get("cookie", "").split("; ") if each}
    wanted = {"sid"}
    if request.path == "/team" or request.path.startswith("/team/"):
        wanted.add("team")
    if request.path == "/moved":
        wanted.add("way")
    if sent != wanted or SECRET not in request.headers["cookie"]:
        return Answer(f"{sorted(sent)} instead of {sorted(wanted)}".encode(), 403, "text/plain")
    return None


def add_record(directory: Path, site: Site) -> None:
    (directory / "cookies.json").write_text(
        json.dumps({"id": "wiki", "site": site.origin, "cookies": COOKIES})
    )
    assert quaero("auth", "add", "cookies.json", cwd=directory).code == 0
    (directory / "cookies.json").unlink()


def assert_all_was_read(directory: Path, site: Site) -> None:
    assert rows(directory, "SELECT state FROM job WHERE kind = 'run'") == [("completed",)]
    assert document_paths(directory, site.origin) == set(PAGES)
    assert jobs_by_path(directory, site.origin).keys() == {*PAGES, "/old"}
    assert_counts_are_rows(directory)
    assert_each_ended_once(directory)


def assert_nothing_tells(directory: Path, told: str) -> None:
    assert SECRET not in told
    for file in directory.rglob("*"):
        if file.is_file():
            assert SECRET.encode() not in file.read_bytes(), file
    for command in ("logs", "explain", "show"):
        [(run_id,)] = rows(directory, "SELECT id FROM job WHERE kind = 'run'")
        shown = quaero("jobs", "--kind", "run", "--json", cwd=directory).value[0]["id"]
        assert SECRET not in repr(quaero(command, shown, cwd=directory)), (command, run_id)
    assert SECRET not in repr(quaero("events", "--json", cwd=directory))


def test_a_site_behind_a_login_is_read_with_the_cookies_of_the_record(tmp_path: Path) -> None:
    with Site(answers, gate=gate) as site:
        add_record(tmp_path, site)
        definition = define(tmp_path, f"{site.origin}/", auth_id="wiki")
        done = quaero("run", definition, "--json", cwd=tmp_path)

    assert done.code == 0, done.err
    assert_all_was_read(tmp_path, site)
    assert_nothing_tells(tmp_path, done.out + done.err)


def test_killed_and_continued_it_has_the_same_rows(tmp_path: Path, chance: random.Random) -> None:
    told = ""
    with Site(answers, gate=gate, delay_seconds=0.03) as site:
        add_record(tmp_path, site)
        arguments = ["run", define(tmp_path, f"{site.origin}/", auth_id="wiki", concurrency=2)]
        for _ in range(3):
            number = len(site.requests) + chance.randint(1, 4)
            with site.stopped(after=number - 1), started(*arguments, cwd=tmp_path) as process:
                site.wait_for_requests(number)
                kill_group(process)
            assert running_jobs(tmp_path) > 0
            arguments = ["work", "--until-idle"]
        with started(*arguments, cwd=tmp_path) as process:
            code, told = end_of(process)

    assert code == 0, told
    assert_all_was_read(tmp_path, site)
    assert_nothing_tells(tmp_path, told)


@pytest.mark.parametrize("how", ["removed", "without its key"])
def test_a_record_that_is_gone_fails_its_pages_and_says_so(tmp_path: Path, how: str) -> None:
    with Site(answers, gate=gate) as site:
        add_record(tmp_path, site)
        definition = define(tmp_path, f"{site.origin}/", auth_id="wiki")
        (tmp_path / definition).write_text(
            (tmp_path / definition)
            .read_text()
            .replace("[step.crawl]", 'schedule = "0 3 1 1 *"\n[step.crawl]')
        )
        assert quaero("schedule", definition, cwd=tmp_path).code == 0
        if how == "removed":
            assert quaero("auth", "remove", "wiki", cwd=tmp_path).code == 0
            done = quaero("run", definition, cwd=tmp_path)
            assert (done.code, "quaero auth add FILE --id wiki" in done.err) == (2, True)
        else:
            (tmp_path / "quaero.db.d" / "auth.key").unlink()
            done = quaero("run", definition, cwd=tmp_path)
            assert done.code == 1
            [(error,)] = rows(tmp_path, "SELECT error FROM job WHERE kind = 'job'")
            assert "the key of the auth records is not there" in error
    assert site.requests == []
