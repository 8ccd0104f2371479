"""A site crawled twice by the real command: what is new, changed and unchanged, and what the server is asked."""

from collections import Counter
from pathlib import Path
from typing import Any

from tests.cli.command import quaero
from tests.crawl.crawls import define, rows
from tests.crawl.site import Answer, Request, Site

PAGES = {
    "/": "<title>Start</title><a href=/tagged>t</a><a href=/dated>d</a><a href=/plain>p</a><a href=/gone>g</a>",
    "/tagged": "<title>Tagged</title><a href=/deep>deep</a>",
    "/dated": "<title>Dated</title>",
    "/deep": "<title>Deep</title><p>below a page that has not changed",
    "/plain": "<title>Plain</title><p>without a validator",
    "/gone": "<title>Gone</title>",
}
DATE = "Thu, 01 Jan 2026 00:00:00 GMT"
VALIDATORS = {
    "/": {"ETag": '"start"'},
    "/tagged": {"ETag": '"t1"'},
    "/dated": {"Last-Modified": DATE},
    "/deep": {"ETag": '"d1"'},
    "/gone": {"ETag": '"g1"'},
}


class Changing:
    """The site as it is now."""

    def __init__(self) -> None:
        self.pages = dict(PAGES)
        self.validators = {path: dict(headers) for path, headers in VALIDATORS.items()}

    def answer(self, path: str, _before: int) -> Answer:
        if path not in self.pages:
            return Answer(status=404)
        return Answer(self.pages[path].encode(), headers=self.validators.get(path, {}))

    def gate(self, request: Request) -> Answer | None:
        mine = self.validators.get(request.path, {})
        same = request.headers.get("if-none-match", "-") == mine.get("ETag")
        same |= request.headers.get("if-modified-since", "-") == mine.get("Last-Modified")
        return Answer(status=304, content_type="") if same and request.path in self.pages else None


def saves(directory: Path, run_id: str) -> dict[str, str]:
    """By path: what ``document_save`` says in this run."""
    query = (
        "SELECT job.name, change FROM document_save AS save JOIN job ON job.id = save.job_id ORDER BY save.id"
    )
    found = rows(directory, query)
    jobs = {each["name"] for each in quaero("jobs", "--run", run_id, "--json", cwd=directory).value}
    assert jobs
    return {"/" + name.split("/", 3)[3]: change for name, change in found}  # the last run's goes before


def results(directory: Path, run_id: str) -> dict[str, dict[str, Any]]:
    jobs = quaero("jobs", "--run", run_id, "--kind", "job", "--json", cwd=directory).value
    return {"/" + each["name"].split("/", 3)[3]: each.get("result") or {} for each in jobs}


def test_a_second_crawl_says_what_is_new_changed_and_unchanged(tmp_path: Path) -> None:
    changing = Changing()
    with Site(changing.answer, gate=changing.gate) as site:
        definition = define(tmp_path, f"{site.origin}/")
        first = quaero("run", definition, "--json", cwd=tmp_path).value
        assert set(saves(tmp_path, first["run_id"]).values()) == {"new"}
        bodies = dict(rows(tmp_path, "SELECT url, body FROM document"))

        del changing.pages["/gone"]
        changing.pages["/"] = changing.pages["/"].replace("/gone", "/fresh")
        changing.validators["/"]["ETag"] = '"start2"'
        changing.pages["/fresh"] = "<title>Fresh</title>"
        changing.pages["/deep"] += " that has"
        changing.validators["/deep"]["ETag"] = '"d2"'
        asked_before = len(site.requests)
        second = quaero("run", definition, "--json", cwd=tmp_path).value
        asked = Counter(each.path for each in site.requests[asked_before:])

    expected = {
        "/": "changed",
        "/tagged": "unchanged",
        "/dated": "unchanged",
        "/deep": "changed",
        "/plain": "unchanged",
        "/fresh": "new",
    }
    found = results(tmp_path, second["run_id"])
    assert {path: each["change"] for path, each in found.items()} == expected
    assert {path: saves(tmp_path, second["run_id"])[path] for path in expected} == expected
    assert {path: each["status"] for path, each in found.items()} == {
        **dict.fromkeys(expected, 200),
        "/tagged": 304,
        "/dated": 304,
    }
    assert asked == dict.fromkeys(expected, 1)
    assert (second["state"], second["documents"]) == ("completed", 6)
    now = dict(rows(tmp_path, "SELECT url, body FROM document"))
    same = [f"{site.origin}{path}" for path in ("/tagged", "/dated", "/plain", "/gone")]
    assert {url: now[url] for url in same} == {url: bodies[url] for url in same}
    assert "that has" in now[f"{site.origin}/deep"]


def test_an_unchanged_page_is_found_by_search_as_before(tmp_path: Path) -> None:
    changing = Changing()
    with Site(changing.answer, gate=changing.gate) as site:
        definition = define(tmp_path, f"{site.origin}/deep")
        for _ in range(2):
            assert quaero("run", definition, cwd=tmp_path).code == 0
            [hit] = quaero("search", "below", "--json", cwd=tmp_path).value
            assert hit["title"] == "Deep"
    [(metadata,)] = rows(
        tmp_path,
        "SELECT metadata ->> '$.crawler.status_code' || ' ' || (metadata ->> '$.word_count') FROM document",
    )
    assert metadata == "304 7"
