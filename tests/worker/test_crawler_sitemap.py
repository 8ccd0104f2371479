"""What the job that reads sitemaps does, against a real server on loopback."""

import asyncio
import gzip
from typing import Any

import msgspec
import pytest

from actors.job import LeasedJob, LogLevel, Step
from actors.seams import SystemClock
from actors.worker.context import JobContext
from actors.worker.crawler.fetch import Fetcher
from actors.worker.crawler.pages import CrawlPage
from actors.worker.crawler.sitemaps import MAX_SITEMAP_FILES, CrawlSitemap, ReadSitemaps
from actors.worker.crawler_sitemap import crawler_sitemap
from actors.worker.errors import PermanentError, RetryableError
from tests.worker.crawler.site import Answer, Site, reply
from tests.worker.crawler.visit import resources


class Done(msgspec.Struct):
    """One attempt: what it returned or raised, what it recorded, what the site saw."""

    site: Site
    context: JobContext
    result: ReadSitemaps | None = None
    error: Exception | None = None

    def pages(self) -> list[CrawlPage]:
        return [msgspec.json.decode(each.payload, type=CrawlPage) for each in self.context.children]

    def paths(self) -> list[str]:
        return [page.url.removeprefix(self.site.url) for page in self.pages()]

    def warnings(self) -> list[str]:
        return [line.text for line in self.context.logs if line.level is LogLevel.WARNING]


def read(
    answers: dict[str, Answer],
    config: dict[str, Any] | None = None,
    *,
    find: bool = False,
    attempt: int = 1,
    seeds: bool = True,
) -> Done:
    async def run() -> Done:
        async with Site(answers).serving() as site:
            table = {"rate_limit": 0, "allow_private_addresses": True, "max_pages": 0, **(config or {})}
            if seeds:
                table["start_urls"] = [site.url]
            url = site.url + ("/" if find else "/sitemap.xml")
            payload = CrawlSitemap(url, find, CrawlPage("", source_type="web", auth_id=""))
            job = LeasedJob(
                5, 1, 3, 2, "crawler_sitemap", msgspec.json.encode(payload).decode(), None, attempt, 4, 0, 0
            )
            fetcher = Fetcher(SystemClock())
            context = JobContext(
                job, Step("crawl", "crawl", table), (), SystemClock(), resources(fetcher).__getitem__
            )
            done = Done(site, context)
            try:
                done.result = await crawler_sitemap.execute(job, context)
            except (PermanentError, RetryableError) as error:
                done.error = error
            finally:
                await fetcher.aclose()
            return done

    return asyncio.run(run())


def urls(*paths: str) -> bytes:
    entries = "".join(f"<url><loc>{path}</loc><lastmod>2026-01-02</lastmod></url>" for path in paths)
    return reply(f"<urlset>{entries}</urlset>", Content_Type="application/xml")


def index(*paths: str) -> bytes:
    entries = "".join(f"<sitemap><loc>{path}</loc></sitemap>" for path in paths)
    return reply(f"<sitemapindex>{entries}</sitemapindex>", Content_Type="application/xml")


def test_each_page_of_a_sitemap_that_passes_becomes_a_job_at_the_depth_of_seeds() -> None:
    done = read(
        {"/sitemap.xml": urls("/a", "/b", "http://other.example/", "/a")}, {"exclude_patterns": ["b$"]}
    )

    assert done.result == ReadSitemaps(1, 3, 1, 1)
    [child] = done.context.children
    assert (child.type, child.depth, child.unique_key) == ("crawler_url", 1, done.site.url + "/a")
    assert done.pages() == [CrawlPage(done.site.url + "/a", source_type="web", lastmod="2026-01-02")]


def test_an_index_is_read_with_all_that_it_names() -> None:
    packed = reply(
        gzip.compress(b"<urlset><url><loc>/two</loc></url></urlset>"), Content_Type="application/gzip"
    )
    answers: dict[str, Answer] = {
        "/sitemap.xml": index("/1.xml", "/2.xml.gz", "/sitemap.xml", "/1.xml"),
        "/1.xml": urls("/one"),
        "/2.xml.gz": packed,
    }
    done = read(answers)

    assert done.paths() == ["/one", "/two"]
    assert done.site.paths() == ["/robots.txt", "/sitemap.xml", "/1.xml", "/2.xml.gz"]


def test_a_site_names_its_sitemaps_in_robots_txt() -> None:
    robots = "Sitemap: /x.xml\nSitemap: mailto:x\nUser-agent: *\nDisallow: /private\nCrawl-delay: 0.01\n"
    done = read({"/robots.txt": reply(robots), "/x.xml": urls("/a", "/private")}, find=True)

    assert done.paths() == ["/a"]
    assert done.context.children[0].rate_ms == 10
    assert "robots.txt disallows 1" in done.context.logs[-1].text


def test_a_site_that_names_none_may_have_one_all_the_same() -> None:
    assert read({"/sitemap.xml": urls("/a")}, find=True).paths() == ["/a"]

    without = read({}, find=True)
    assert without.error is None
    assert without.result == ReadSitemaps(0, 0, 0, 0, (without.site.url + "/sitemap.xml",))


def test_a_crawl_of_nothing_but_sitemaps_stays_on_their_sites() -> None:
    done = read({"/sitemap.xml": urls("/a", "http://other.example/")}, seeds=False)

    assert done.paths() == ["/a"]
    assert done.pages()[0].seed == done.site.url + "/sitemap.xml"


def test_no_more_pages_are_named_than_the_crawl_can_take() -> None:
    done = read({"/sitemap.xml": urls(*(f"/{number}" for number in range(50)))}, {"max_pages": 10})

    assert len(done.context.children) == 11  # one of them may be the seed
    assert done.result == ReadSitemaps(1, 50, 50, 11)


@pytest.mark.parametrize(
    ("answer", "sentence"),
    [(reply("", status="404 Missing"), "404 Missing"), (reply("<html>"), "is no sitemap")],
)
def test_a_sitemap_that_the_step_names_must_be_one(answer: bytes, sentence: str) -> None:
    error = read({"/sitemap.xml": answer}).error

    assert isinstance(error, PermanentError)
    assert sentence in str(error)


def test_one_of_an_index_that_is_none_is_left_out_and_named() -> None:
    done = read({"/sitemap.xml": index("/1.xml", "/2.xml"), "/2.xml": urls("/two")})

    assert done.paths() == ["/two"]
    assert done.result == ReadSitemaps(2, 1, 1, 1, (done.site.url + "/1.xml",))
    assert "/1.xml answered 404" in done.warnings()[0]


def test_one_that_the_server_does_not_give_now_is_asked_for_again_but_for_the_last_attempt() -> None:
    answers: dict[str, Answer] = {
        "/sitemap.xml": index("/1.xml", "/2.xml"),
        "/1.xml": reply("", status="503 Busy"),
        "/2.xml": urls("/two"),
    }
    assert isinstance(read(answers).error, RetryableError)
    assert read(answers, attempt=4).paths() == ["/two"]


def test_sitemaps_without_end_have_one() -> None:
    answers: dict[str, Answer] = {f"/{number}.xml": index(f"/{number + 1}.xml") for number in range(200)}
    answers["/sitemap.xml"] = index("/0.xml")
    done = read(answers)

    assert done.result is not None
    assert done.result.files == MAX_SITEMAP_FILES
    assert "more sitemaps are left out" in done.warnings()[0]


def test_a_sitemap_may_have_moved() -> None:
    answers: dict[str, Answer] = {
        "/sitemap.xml": reply("", status="301 Moved", Location="/new.xml"),
        "/new.xml": urls("/a"),
    }
    assert read(answers).paths() == ["/a"]

    answers["/new.xml"] = reply("", status="301 Moved", Location="/sitemap.xml")
    assert "in a circle" in str(read(answers).error)
