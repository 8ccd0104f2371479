import gzip

import pytest

from actors.worker.crawler.sitemap_file import MAX_SITEMAP_URLS, SitemapEntry, SitemapError, read_sitemap

URL = "http://h.io/sitemap.xml"
NAMESPACE = 'xmlns="http://www.sitemaps.org/schemas/sitemap/0.9"'
PAGES = f"""<?xml version="1.0" encoding="UTF-8"?>
<urlset {NAMESPACE} xmlns:image="http://www.google.com/schemas/sitemap-image/1.1">
  <url><loc> http://h.io/a?x=1&amp;y=2 </loc><lastmod>2026-01-02</lastmod>
    <image:image><image:loc>http://h.io/i.png</image:loc></image:image></url>
  <url><loc><![CDATA[/b]]></loc></url>
  <url><loc>http://h.io/a?x=1&amp;y=2</loc></url>
  <url><loc>mailto:x</loc></url><url/>
</urlset>"""
INDEX = f"<sitemapindex {NAMESPACE}><sitemap><loc>/one.xml</loc></sitemap></sitemapindex>"


def read(data: bytes | str, max_bytes: int = 10**7):  # type: ignore[no-untyped-def]
    return read_sitemap(data.encode() if isinstance(data, str) else data, URL, max_bytes=max_bytes)


@pytest.mark.parametrize(
    "data", [PAGES.encode(), gzip.compress(PAGES.encode()), PAGES.replace("UTF-8", "utf-16").encode("utf-16")]
)
def test_the_pages_of_a_file_are_read_each_once(data: bytes) -> None:
    file = read(data)

    assert file.pages == (SitemapEntry("http://h.io/a?x=1&y=2", "2026-01-02"), SitemapEntry("http://h.io/b"))
    assert (file.sitemaps, file.whole) == ((), True)


def test_an_index_names_other_files() -> None:
    file = read(INDEX)

    assert (file.pages, file.sitemaps) == ((), (SitemapEntry("http://h.io/one.xml"),))


def test_a_file_of_lines_is_read() -> None:
    file = read("\ufeffhttp://h.io/a\r\n\nhttp://h.io/b\nnot a url\n")

    assert [each.url for each in file.pages] == ["http://h.io/a", "http://h.io/b"]


def test_a_file_that_breaks_off_gives_what_stands_before() -> None:
    file = read(PAGES[: PAGES.index("<url><loc><![CDATA")])

    assert len(file.pages) == 1
    assert not file.whole


def test_no_more_is_unpacked_than_allowed() -> None:
    bomb = gzip.compress(PAGES.encode() + b" " * 50_000_000)

    file = read(bomb, max_bytes=100_000)
    assert len(file.pages) == 2
    assert not file.whole


def test_no_more_pages_are_taken_than_the_protocol_allows() -> None:
    entries = "".join(f"<url><loc>/p{number}</loc></url>" for number in range(MAX_SITEMAP_URLS + 10))

    file = read(f"<urlset>{entries}</urlset>")
    assert len(file.pages) == MAX_SITEMAP_URLS
    assert not file.whole


@pytest.mark.parametrize(
    "data",
    [
        "<html><body>not found</body></html>",
        "<!DOCTYPE html><html>",
        '<!DOCTYPE u [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]><urlset><url><loc>http://h/&b;</loc></url></urlset>',
        '<?xml version="1.0" encoding="nonsense"?><urlset/>',
        "<",
        "",
        "words",
        b"\x1f\x8bnot gzip",
        b"\0\0\0",
    ],
)
def test_what_is_no_sitemap_is_said_to_be_none(data: bytes | str) -> None:
    with pytest.raises(SitemapError, match=r"http://h\.io/sitemap\.xml"):
        read(data)
