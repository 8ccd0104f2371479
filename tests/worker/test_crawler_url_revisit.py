"""Pages that were crawled before: asked for with their validators, and told to be new, changed or unchanged."""

from typing import Any

import msgspec
import pytest

from actors.documents import DocumentSpec
from actors.worker.crawler.revisit import Known, Recollection, unpacked
from tests.worker.crawler.site import Answer, ByRequest, Request, reply
from tests.worker.crawler.visit import Visit, visit

MODIFIED = "Thu, 01 Jan 2026 00:00:00 GMT"
PAGE = "<title>T</title><a href=/a>a</a><a href='http://other.example/'>o</a><p>text"


class Memory:
    """Knows one page, as it was saved."""

    def __init__(self, document: DocumentSpec | None, discovered_by: int | None = None) -> None:
        self.asked: list[tuple[str, str, int]] = []
        known = None
        if document is not None:
            known = Known(document.title, document.fingerprint, unpacked(document.memo))
        self._answer = Recollection(known, discovered_by)

    async def recall(self, source_type: str, source_id: str, job_id: int) -> Recollection:
        self.asked.append((source_type, source_id, job_id))
        return self._answer


def conditional(page: str = PAGE, **headers: str) -> ByRequest:
    """Answers 304 to whoever has the page already."""

    def made(request: Request) -> bytes:
        same = request.headers.get("if-none-match") == headers.get("ETag", "-").lower()
        same |= request.headers.get("if-modified-since") == headers.get("Last_Modified", "-").lower()
        if same:
            return reply("", status="304 Not Modified", Content_Length="", Content_Type="")
        return reply(page, **headers)

    return ByRequest(made)


def again(answer: Answer, first: Visit, **config: Any) -> Visit:
    return visit(answer, config or None, memory=Memory(first.document))


@pytest.mark.parametrize("headers", [{"ETag": '"v1"'}, {"Last_Modified": MODIFIED}, {"ETag": 'W/"v1"'}])
def test_a_page_that_has_not_changed_is_kept_and_its_links_are_followed(headers: dict[str, str]) -> None:
    answer, anywhere = conditional(**headers), {"include_patterns": ["/a$"]}
    first = visit(answer, anywhere)
    second = again(answer, first, **anywhere)

    assert first.result is not None
    assert second.result is not None
    assert (first.result.status, first.result.change) == (200, "new")
    assert (second.result.status, second.result.change, second.result.title) == (304, "unchanged", "T")
    assert [page.url for page in second.spawned()] == [first.site.url + "/a"]
    counts = ("links_found", "links_passed", "links_followed", "document", "content_type")
    assert [getattr(second.result, each) for each in counts] == [
        getattr(first.result, each) for each in counts
    ]
    assert second.document.body is None
    assert second.document.metadata["crawler"]["status_code"] == 304
    assert "Document unchanged" in second.context.logs[0].text


def test_a_page_that_has_changed_is_read_anew() -> None:
    first = visit(conditional(ETag='"v1"'))
    second = again(conditional("<title>T</title><a href=/b>b", ETag='"v2"'), first)

    assert second.result is not None
    assert (second.result.status, second.result.change) == (200, "changed")
    assert second.paths() == ["/b"]
    assert second.document.body == "[b](" + second.site.url + "/b)"


@pytest.mark.parametrize(
    "answer", [reply("<title>T</title><p>same"), conditional("<title>T</title><p>same", ETag='"1"')]
)
def test_a_server_that_sends_the_same_page_again_is_told_to_be_unchanged(answer: Answer) -> None:
    first = visit(reply("<title>T</title><p>same"))
    second = again(answer, first)

    assert second.result is not None
    assert (second.result.status, second.result.change) == (200, "unchanged")
    assert second.document.body == "same"


@pytest.mark.parametrize(
    "config", [{"refresh_source": True}, {"main_content": False}, {"detail_level": "metadata"}]
)
def test_the_whole_page_is_asked_for_where_it_is_wanted(config: dict[str, Any]) -> None:
    answer = conditional(ETag='"v1"')
    second = again(answer, visit(answer), **config)

    assert second.result is not None
    assert second.result.status == 200
    assert "if-none-match" not in second.site.requests[0].headers


def test_a_304_that_nobody_asked_for_is_no_page() -> None:
    done = visit(reply("", status="304 Not Modified", Content_Length="", Content_Type=""))

    assert done.documents == []
    assert done.result is not None
    assert (done.result.status, done.result.document) == (304, False)


def test_with_metadata_alone_no_text_is_kept_and_a_change_is_seen_all_the_same() -> None:
    first = visit(reply("<title>T</title><p>one two"), {"detail_level": "metadata"})
    same, other = (
        visit(
            reply(f"<title>T</title><p>{text}"), {"detail_level": "metadata"}, memory=Memory(first.document)
        )
        for text in ("one two", "one three")
    )

    assert (first.document.body, first.document.metadata["word_count"]) == ("", 2)
    assert first.document.metadata["detail_level"] == "metadata"
    assert same.result is not None
    assert other.result is not None
    assert (same.result.change, other.result.change) == ("unchanged", "changed")
    assert same.document.fingerprint != other.document.fingerprint


def test_a_document_says_which_job_found_it() -> None:
    memory = Memory(None, 77)
    done = visit(reply("x"), memory=memory)

    assert msgspec.json.decode(msgspec.json.encode(done.document.metadata))["crawler"]["discovered_by"]
    assert memory.asked == [("web", done.site.url + "/", 5)]


def test_what_a_sitemap_says_of_a_page_is_in_its_metadata() -> None:
    done = visit(reply("x"), lastmod="2026-01-02")

    assert done.document.metadata["crawler"]["sitemap_lastmod"] == "2026-01-02"


def test_html_is_kept_as_it_came_where_it_is_wanted() -> None:
    first = visit(conditional(ETag='"v1"'), {"keep_html": True})
    assert (first.document.body, first.document.media_type) == (PAGE, "text/html")
    assert first.document.title == "T"
    second = again(conditional(ETag='"v1"'), first)
    assert second.result is not None
    assert (second.result.status, second.result.change) == (200, "changed")  # to the Markdown
    assert second.document.media_type == "text/markdown"
