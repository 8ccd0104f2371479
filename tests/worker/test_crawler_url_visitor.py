"""How a page is asked for: with credentials, along redirects that set cookies, and where robots.txt allows."""

import asyncio
from typing import Any

import msgspec
import pytest

from actors.job import LeasedJob, Step
from actors.seams import SystemClock
from actors.worker.context import JobContext
from actors.worker.contract import Snooze
from actors.worker.crawler.cookies import Cookie
from actors.worker.crawler.credential import Credential, CredentialError, UnknownCredentialError
from actors.worker.crawler.fetch import Fetcher
from actors.worker.crawler.pace import LONGEST_WAIT_SECONDS
from actors.worker.crawler_url import CrawledPage, CrawlPage, crawler_url
from actors.worker.errors import PermanentError, RetryableError
from tests.worker.crawler.site import Answer, ByRequest, Site, reply
from tests.worker.crawler.visit import resources


class Records:
    """A credential source of one record."""

    def __init__(self, credential: Credential) -> None:
        self._credential = credential

    async def credential(self, auth_id: str) -> Credential:
        if auth_id == "broken":
            raise CredentialError("the key is gone")
        if auth_id != self._credential.id:
            raise UnknownCredentialError(auth_id)
        return self._credential


class Asked(msgspec.Struct):
    """One attempt at a page of a site, with what the site saw of it."""

    site: Site
    context: JobContext
    result: CrawledPage | Snooze | None = None
    error: Exception | None = None

    @property
    def page(self) -> CrawledPage:
        assert isinstance(self.result, CrawledPage), self.error
        return self.result

    def cookies(self) -> list[tuple[str, str]]:
        return [(each.path, each.headers.get("cookie", "")) for each in self.site.requests]


def ask(
    answers: dict[str, Answer],
    path: str = "/",
    config: dict[str, Any] | None = None,
    *,
    cookies: tuple[Cookie, ...] = (),
    headers: dict[str, str] | None = None,
    token: str = "",
    elsewhere: str = "",
    via: str = "",
    auth_id: str = "wiki",
) -> Asked:
    """Ask for a page; the record's site is the site itself unless it is ``elsewhere``."""

    async def run() -> Asked:
        async with Site(answers).serving() as site:
            record = Credential("wiki", elsewhere or site.url, cookies, headers or {}, token)
            table = {"start_urls": [site.url], "rate_limit": 0, "allow_private_addresses": True}
            table |= {"respect_robots": False, "auth_id": auth_id, **(config or {})}
            page = CrawlPage(site.url + path, via=site.url + via if via else "")
            payload = msgspec.json.encode(page).decode()
            job = LeasedJob(5, 1, 3, 2, "crawler_url", payload, None, 1, 4, 1, 0)
            fetcher = Fetcher(SystemClock())
            named = {**resources(fetcher), "crawl_credentials": Records(record)}
            context = JobContext(job, Step("crawl", "crawl", table), (), SystemClock(), named.__getitem__)
            done = Asked(site, context)
            try:
                done.result = await crawler_url.execute(job, context)
            except (PermanentError, RetryableError) as error:
                done.error = error
            finally:
                await fetcher.aclose()
            return done

    return asyncio.run(run())


def cookie(name: str = "sid", **fields: Any) -> Cookie:
    return Cookie(name, "s3cr3t", "127.0.0.1", **fields)


def test_a_page_is_asked_for_with_the_cookies_of_its_record() -> None:
    cookies = (cookie(), cookie("old", expires=1.0), cookie("tls", secure=True), cookie("deep", path="/x"))
    done = ask({"/": reply("<p>in")}, cookies=cookies)

    assert done.cookies() == [("/", "sid=s3cr3t")]
    assert done.page.document


def test_headers_and_token_go_to_the_records_site_alone() -> None:
    headers = {"X-Key": "k", "User-Agent": "Theirs"}
    [request] = ask({"/": reply("x")}, headers=headers, token="t0k").site.requests
    assert (request.headers["authorization"], request.headers["x-key"]) == ("bearer t0k", "k")
    assert request.headers["user-agent"] == "theirs"

    [request] = ask({"/": reply("x")}, headers=headers, token="t0k", elsewhere="http://h.io").site.requests
    assert not {"authorization", "x-key"} & request.headers.keys()


@pytest.mark.parametrize(
    ("auth_id", "sentence"), [("nobody", "quaero auth add FILE --id nobody"), ("broken", "the key is gone")]
)
def test_a_record_that_can_not_be_had_is_a_failure_for_good(auth_id: str, sentence: str) -> None:
    done = ask({"/": reply("x")}, auth_id=auth_id)

    assert isinstance(done.error, PermanentError)
    assert sentence in str(done.error)
    assert done.site.requests == []


def test_nothing_that_is_recorded_has_a_secret_in_it() -> None:
    answers: dict[str, Answer] = {
        "/": reply("<title>T</title><a href=/a>a", Set_Cookie="sid=s3cr3t2; Path=/", ETag='"1"')
    }
    for path in ("/", "/missing"):
        done = ask(answers, path, cookies=(cookie(),), headers={"X-Key": "s3cr3t"}, token="s3cr3t")
        context = done.context
        told = [context.documents, context.children, context.logs, done.result, done.error, context]
        assert "s3cr3t" not in repr(told)
        assert not any(b"s3cr3t" in msgspec.json.encode(each) for each in context.documents)


def needs(cookie_text: str, inside: bytes, outside: bytes) -> ByRequest:
    """A page for those that have the cookie."""
    return ByRequest(lambda request: inside if cookie_text in request.headers.get("cookie", "") else outside)


def leads(to: str, **headers: str) -> bytes:
    return reply("", status="302 Found", Location=to, **headers)


IN = reply("<title>In</title><a href=/a>a")


def test_a_redirect_that_sets_a_cookie_and_leads_back_is_followed_with_it() -> None:
    """As sites do that look whether cookies are taken."""
    answers: dict[str, Answer] = {
        "/page": needs("ok=1", IN, leads("/set", Set_Cookie="try=1; Path=/")),
        "/set": leads("/page", Set_Cookie="ok=1; Path=/"),
    }
    done = ask(answers, "/page", cookies=(cookie(),))

    assert (done.page.title, done.page.document, len(done.context.documents)) == ("In", True, 1)
    assert [each.unique_key for each in done.context.children] == [done.site.url + "/a"]
    assert done.cookies() == [
        ("/page", "sid=s3cr3t"),
        ("/set", "sid=s3cr3t; try=1"),
        ("/page", "sid=s3cr3t; try=1; ok=1"),
    ]


def test_a_redirect_that_sets_a_cookie_and_leads_elsewhere_is_a_job_that_goes_the_same_way() -> None:
    answers: dict[str, Answer] = {
        "/old": leads("/new", Set_Cookie="ok=1; Path=/"),
        "/new": needs("ok=1", IN, leads("/login")),
        "/login": reply("log in"),
    }
    first = ask(answers, "/old")
    [child] = first.context.children
    page = msgspec.json.decode(child.payload, type=CrawlPage)
    assert (page.url, page.via) == (first.site.url + "/new", first.site.url + "/old")
    assert (first.page.document, first.page.location) == (False, page.url)

    second = ask(answers, "/new", via="/old")
    assert second.page.title == "In"
    assert second.cookies() == [("/old", ""), ("/new", "ok=1")]
    [followed] = second.context.children
    assert msgspec.json.decode(followed.payload, type=CrawlPage).via == ""


def test_the_way_to_a_page_may_be_gone() -> None:
    done = ask({"/new": IN}, "/new", via="/old")

    assert done.page.title == "In"
    assert [path for path, _ in done.cookies()] == ["/old", "/new"]


def test_redirects_that_set_cookies_without_end_have_one() -> None:
    count = iter(range(1000))
    answers: dict[str, Answer] = {
        "/": ByRequest(lambda _: leads("/", Set_Cookie=f"n={next(count)}; Path=/")),
    }
    done = ask(answers)

    assert isinstance(done.error, PermanentError)
    assert "in a circle" in str(done.error)
    assert len(done.site.requests) == 10


def test_a_cookie_that_was_set_is_not_taken_out_of_the_crawl() -> None:
    done = ask({"/": leads("http://other.example/", Set_Cookie="ok=1; Path=/")})

    assert done.context.children == ()
    assert done.cookies() == [("/", "")]


ROBOTS = reply("User-agent: *\nDisallow: /private\n", Content_Type="text/plain")
RESPECT = {"respect_robots": True}


def test_what_robots_txt_disallows_is_skipped_and_not_a_failure() -> None:
    done = ask({"/robots.txt": ROBOTS, "/private": reply("x")}, "/private", RESPECT)

    assert done.page == CrawledPage(
        0, "", 0, 0, 0, document=False, skipped=f"robots.txt disallows {done.site.url}/private"
    )
    assert [path for path, _ in done.cookies()] == ["/robots.txt"]
    assert "was not asked for" in done.context.logs[0].text


def test_links_that_robots_txt_disallows_take_no_page_of_the_crawl() -> None:
    links = (
        "<a href=/a>a</a><a href=/private/1>1</a><a href=/private/2>2</a><a href='http://other.example/'>o"
    )
    done = ask({"/robots.txt": ROBOTS, "/": reply(links)}, "/", RESPECT)

    page = done.page
    assert (page.links_found, page.links_passed, page.links_followed, page.links_skipped) == (4, 3, 1, 2)
    assert [each.unique_key for each in done.context.children] == [done.site.url + "/a"]
    assert f"disallows 2 links of {done.site.url}/: {done.site.url}/private/1" in done.context.logs[-1].text


def test_a_redirect_with_a_cookie_is_not_followed_where_robots_txt_says_no() -> None:
    answers: dict[str, Answer] = {"/robots.txt": ROBOTS, "/": leads("/private", Set_Cookie="a=1; Path=/")}
    done = ask(answers, "/", RESPECT)

    assert done.page.skipped.endswith("/private")
    assert [path for path, _ in done.cookies()] == ["/robots.txt", "/"]


@pytest.mark.parametrize(("rate_limit", "rate_ms"), [(0, 300), (100, 300), (900, 900)])
def test_the_slower_of_rate_limit_and_crawl_delay_holds_for_the_links(rate_limit: int, rate_ms: int) -> None:
    robots = reply("User-agent: *\nCrawl-delay: 0.3\n", Content_Type="text/plain")
    config = {**RESPECT, "rate_limit": rate_limit}
    [child] = ask({"/robots.txt": robots, "/": IN}, "/", config).context.children

    assert (child.rate_ms, child.rate_key) == (rate_ms, (child.unique_key or "").split("/")[2])


def test_a_page_whose_site_may_not_be_asked_for_long_gives_its_slot_back() -> None:
    robots = reply("User-agent: *\nCrawl-delay: 30\n", Content_Type="text/plain")
    done = ask({"/robots.txt": robots, "/": IN}, "/", RESPECT)

    assert isinstance(done.result, Snooze)
    assert LONGEST_WAIT_SECONDS < done.result.seconds <= 30


def test_robots_txt_that_can_not_be_had_now_is_asked_for_again_before_the_page() -> None:
    done = ask({"/robots.txt": reply("", status="503 Busy", Retry_After="7"), "/": IN}, "/", RESPECT)

    assert isinstance(done.error, RetryableError)
    assert done.error.retry_after_seconds == 7.0
    assert [path for path, _ in done.cookies()] == ["/robots.txt"]
