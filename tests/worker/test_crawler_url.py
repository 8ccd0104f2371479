"""What one page of a crawl does, against a real server on loopback."""

import asyncio
from typing import Any

import msgspec
import pytest

from actors.ids import id_text
from actors.job import LeasedJob, Step
from actors.seams import SystemClock
from actors.worker.context import JobContext
from actors.worker.crawler.config import MAX_LINKS, MAX_PAGE_BYTES
from actors.worker.crawler.fetch import Fetcher
from actors.worker.crawler_url import MAX_REDIRECTS, CrawledPage, CrawlPage, crawler_url
from actors.worker.errors import InvalidPayloadError, PermanentError, RetryableError
from tests.worker.crawler.site import Site, reply
from tests.worker.crawler.visit import resources, visit

NOTHING: dict[str, Any] = {}
LINKS = "<title>T</title><nav><a href=/a>a</a><a href='/b#x'>b</a></nav><p>text <a href='http://other.example/'>o</a>"


def test_a_page_becomes_a_document_and_its_links_become_jobs() -> None:
    done = visit(reply(LINKS))

    assert done.result == CrawledPage(
        200, "T", 3, 2, 2, document=True, content_type="text/html", change="new"
    )
    assert done.paths() == ["/a", "/b"]
    assert (done.document.title, done.document.source_type) == ("T", "web")
    assert done.document.source_id == done.document.url == done.site.url + "/"
    assert done.document.body is not None
    assert done.document.body.startswith("text [o](http://other.example/)")
    assert done.site.paths() == ["/"]


def test_a_document_says_where_it_is_from_and_how_it_was_got() -> None:
    done = visit(reply("<html lang=de><p>one two"), {"max_depth": 1})
    metadata = done.document.metadata

    assert metadata["source_url"] == done.site.url + "/"
    assert (metadata["job_id"], metadata["parent_job_id"]) == (id_text(5), id_text(3))
    assert (metadata["language"], metadata["word_count"], metadata["content_size"]) == ("de", 2, 24)
    assert metadata["extracted_at"].endswith("+00:00")
    assert metadata["process_time_ms"] >= 0
    crawler = metadata["crawler"]
    assert crawler.pop("response_time_ms") >= 0
    assert crawler.pop("crawled_at") == metadata["extracted_at"]
    assert crawler == {
        "depth": 1,
        "status_code": 200,
        "content_type": "text/html",
        "links_found": 0,
        "links_passed": 0,
        "links_followed": 0,
        "links_skipped": 0,
        "discovered_by": None,
        "sitemap_lastmod": None,
        "truncated": False,
    }


def test_a_documents_tags_are_the_definitions_and_the_steps() -> None:
    assert visit(reply("x"), {"output_tags": ["out", "docs"]}, tags=("docs", "web")).document.tags == (
        "docs",
        "web",
        "out",
    )


@pytest.mark.parametrize(
    ("in_step", "in_payload", "kind"), [("", "", "web"), ("", "jira", "jira"), ("github", "jira", "github")]
)
def test_a_document_is_of_the_steps_kind_or_the_definitions(in_step: str, in_payload: str, kind: str) -> None:
    done = visit(reply(LINKS), {"source_type": in_step}, source_type=in_payload)

    assert done.document.source_type == kind
    assert {page.source_type for page in done.spawned()} == {in_payload}  # handed on


def test_a_job_of_a_link_is_one_of_its_url_and_one_deeper() -> None:
    child = visit(reply(LINKS), {"rate_limit": 300, "retry_attempts": 1, "retry_backoff": 70}).children[0]
    [url] = {child.unique_key, child.name}

    assert url is not None
    assert url.endswith("/a")
    assert child.depth == 2
    assert child.rate_key in url
    assert (child.type, child.rate_ms, child.max_attempts, child.backoff_ms) == ("crawler_url", 300, 2, 70)


@pytest.mark.parametrize(
    ("depth", "max_depth", "followed"), [(1, 2, 2), (2, 2, 0), (3, 2, 0), (1, 1, 0), (1, 0, 0), (4, 5, 2)]
)
def test_links_are_followed_down_to_the_last_depth(depth: int, max_depth: int, followed: int) -> None:
    done = visit(reply(LINKS), {"max_depth": max_depth}, depth=depth)

    assert len(done.children) == followed
    assert done.result is not None
    assert (done.result.links_found, done.result.links_passed, done.result.links_followed) == (3, 2, followed)


def test_links_are_not_followed_when_they_are_not_to_be() -> None:
    done = visit(reply(LINKS), {"follow_links": False})

    assert done.children == []
    assert done.document.title == "T"


def test_patterns_decide_which_links_pass() -> None:
    config = {"include_patterns": ["other", "/a"], "exclude_patterns": ["a$"]}

    assert [page.url for page in visit(reply(LINKS), config).spawned()] == ["http://other.example/"]


def test_a_page_does_not_follow_a_link_to_itself() -> None:
    assert visit(reply("<a href='/'>self<a href='#x'>top<a href=/a>a")).paths() == ["/a"]


def test_a_page_with_too_many_links_says_so() -> None:
    done = visit(reply("".join(f"<a href=/{i}>x</a>" for i in range(MAX_LINKS + 5))))

    assert len(done.children) == MAX_LINKS
    assert f"more than {MAX_LINKS} links" in done.warnings()[0]


@pytest.mark.parametrize("status", ["301 Moved", "302 Found", "303 See", "307 Temporary", "308 Permanent"])
@pytest.mark.parametrize("config", [{}, {"max_depth": 1}, {"follow_links": False}])
def test_the_target_of_a_redirect_is_a_job_at_the_same_depth(status: str, config: dict[str, Any]) -> None:
    done = visit(reply("moved", status=status, Location="new#x"), config, path="/old/", depth=1)

    assert done.paths() == ["/old/new"]
    assert done.children[0].depth == 1
    assert done.children[0].unique_key == done.site.url + "/old/new"
    assert done.spawned()[0].redirects == 1
    assert done.documents == []
    assert done.result is not None
    assert (done.result.status, done.result.document) == (int(status[:3]), False)
    assert done.result.location == done.site.url + "/old/new"
    assert f"leads to {done.site.url}/old/new" in done.context.logs[0].text


def test_a_redirect_to_outside_is_not_followed_and_says_what_to_do() -> None:
    done = visit(reply("", status="301 Moved", Location="https://www.other.example/"))

    assert done.children == []
    assert "add it to start_urls" in done.warnings()[0]
    assert done.result is not None
    assert not done.result.document


@pytest.mark.parametrize(
    ("headers", "sentence"),
    [
        ({}, "without saying where"),
        ({"Location": "mailto:x@y"}, "'mailto:x@y', which can not be crawled"),
        ({"Location": "/#again"}, "in a circle"),
    ],
)
def test_a_redirect_that_leads_nowhere_is_an_error_for_good(headers: dict[str, str], sentence: str) -> None:
    error = visit(reply("", status="302 Found", **headers)).error

    assert isinstance(error, PermanentError)
    assert sentence in str(error)


def test_redirects_without_end_have_one() -> None:
    answer = reply("", status="302 Found", Location="/?next")

    assert visit(answer, redirects=MAX_REDIRECTS - 1).spawned()[0].redirects == MAX_REDIRECTS
    assert "11 redirects" in str(visit(answer, redirects=MAX_REDIRECTS).error)


def test_links_of_a_page_begin_to_count_redirects_anew() -> None:
    assert {page.redirects for page in visit(reply(LINKS), redirects=4).spawned()} == {0}


@pytest.mark.parametrize("status", ["400 Bad", "401 No", "403 No", "404 Missing", "410 Gone"])
def test_a_page_that_is_not_there_is_a_failure_for_good(status: str) -> None:
    done = visit(reply(LINKS, status=status))

    assert isinstance(done.error, PermanentError)
    assert status in str(done.error)
    assert (done.children, done.documents) == ([], [])


@pytest.mark.parametrize(
    ("status", "headers", "seconds"),
    [
        ("429 Slow Down", {"Retry-After": "12"}, 12.0),
        ("503 Busy", {"Retry-After": "3"}, 3.0),
        ("500 Oops", {}, None),
        ("504 Late", {}, None),
    ],
)
def test_a_server_in_trouble_is_asked_again_when_it_says(
    status: str, headers: dict[str, str], seconds: float | None
) -> None:
    error = visit(reply(LINKS, status=status, **headers)).error

    assert isinstance(error, RetryableError)
    assert error.retry_after_seconds == seconds


def test_a_server_that_does_not_answer_is_asked_again() -> None:
    async def never(_: asyncio.StreamWriter) -> None:
        await asyncio.Event().wait()

    error = visit(never, {"request_timeout_seconds": 0.2}).error
    assert isinstance(error, RetryableError)
    assert "0.2 s" in str(error)


def test_a_private_address_is_refused_for_good_unless_the_step_allows_it() -> None:
    done = visit(reply(LINKS), {"allow_private_addresses": False})

    assert isinstance(done.error, PermanentError)
    assert "allow_private_addresses" in str(done.error)
    assert done.site.paths() == []


def test_what_is_not_text_completes_without_a_document() -> None:
    done = visit(reply(b"\x89PNG", Content_Type="image/png"))

    assert done.result == CrawledPage(200, "", 0, 0, 0, document=False, content_type="image/png")
    assert (done.children, done.documents) == ([], [])
    assert "image/png, not text" in done.context.logs[0].text


def test_a_text_that_is_no_page_is_kept_as_it_is() -> None:
    done = visit(reply("# M\n<a href=/a>x", Content_Type="text/markdown"))

    assert done.document.body == "# M\n<a href=/a>x"
    assert done.document.title == done.document.url
    assert done.children == []


def test_of_a_large_page_the_beginning_is_kept() -> None:
    done = visit(reply("<title>T</title><a href=/a>a</a><p>" + "word " * (MAX_PAGE_BYTES // 5)))

    assert done.paths() == ["/a"]
    assert done.document.metadata["crawler"]["truncated"]
    assert "longer than" in done.warnings()[0]


def test_a_step_without_written_seeds_follows_the_origin_of_its_seed() -> None:
    async def run() -> list[str]:
        async with Site({"/": reply("<a href=/a>a<a href='http://other.example/'>o")}).serving() as site:
            page = CrawlPage(site.url + "/", seed=site.url + "/rest/api")
            job = LeasedJob(5, 1, 3, 2, "crawler_url", msgspec.json.encode(page).decode(), None, 1, 4, 1, 0)
            fetcher = Fetcher(SystemClock(), allow_private_addresses=True)
            step = Step("crawl", "crawl", {})
            context = JobContext(job, step, (), SystemClock(), resources(fetcher).__getitem__)
            await crawler_url.execute(job, context)
            await fetcher.aclose()
            assert msgspec.json.decode(context.children[0].payload, type=CrawlPage).seed == page.seed
            return [(child.unique_key or "").removeprefix(site.url) for child in context.children]

    assert asyncio.run(run()) == ["/a"]


@pytest.mark.parametrize("url", ["", "ftp://h/", "not a url"])
def test_a_payload_without_a_url_is_refused_for_good(url: str) -> None:
    payload = msgspec.json.encode(CrawlPage(url)).decode()
    job = LeasedJob(5, 1, 3, 2, "crawler_url", payload, None, 1, 4, 1, 0)
    context = JobContext(job, Step("crawl", "crawl", {}), (), SystemClock(), NOTHING.__getitem__)

    with pytest.raises(InvalidPayloadError, match="url: '"):
        asyncio.run(crawler_url(CrawlPage(url), context))  # type: ignore[arg-type]


@pytest.mark.parametrize("config", [{"include_patterns": ["("]}, {"max_depth": "two"}])
def test_a_step_that_nobody_checked_fails_for_good(config: dict[str, Any]) -> None:
    error = visit(reply(LINKS), config).error

    assert isinstance(error, PermanentError)
    assert "step 'crawl'" in str(error)


def test_the_worker_is_one_of_the_loop() -> None:
    assert crawler_url.worker_type == "crawler_url"
    assert (crawler_url.options.dispatcher, crawler_url.options.spawns) == ("loop", True)
