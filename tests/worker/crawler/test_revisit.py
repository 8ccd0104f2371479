import pytest

from actors.worker.crawler.config import CrawlConfig
from actors.worker.crawler.revisit import (
    Known,
    Memo,
    change_of,
    fingerprint_of,
    memo_of,
    unpacked,
    usable,
    view_of,
)

VIEW = view_of(CrawlConfig(), "")
LINKS = ("http://h.io/a", "http://h.io/b")
TAGGED = {"etag": '"v1"', "last-modified": "Thu, 01 Jan 2026 00:00:00 GMT"}


def known(memo: Memo | None, fingerprint: str = "f") -> Known:
    return Known("T", fingerprint, memo)


def test_a_memo_is_read_as_it_was_stored() -> None:
    memo = memo_of(VIEW, TAGGED, "text/html", LINKS, whole=True)

    assert unpacked(memo.packed()) == memo
    assert memo.validators() == {"If-None-Match": '"v1"', "If-Modified-Since": TAGGED["last-modified"]}


@pytest.mark.parametrize("packed", [b"", b"x", b"x\x9c", Memo("v").packed()[:-3]])
def test_what_is_no_memo_is_none(packed: bytes) -> None:
    assert unpacked(packed) is None


def test_a_page_without_validators_has_no_links_to_remember() -> None:
    assert memo_of(VIEW, {}, "text/html", LINKS, whole=True).links == ()
    assert memo_of(VIEW, TAGGED, "text/html", LINKS, whole=False).validators() == {}


@pytest.mark.parametrize("value", ["a\tb", "é", "x" * 1000])
def test_a_validator_that_can_not_be_sent_back_is_none(value: str) -> None:
    assert memo_of(VIEW, {"etag": value}, "", (), whole=True).validators() == {}


@pytest.mark.parametrize(
    ("config", "auth_id", "refresh"),
    [
        (CrawlConfig(detail_level="metadata"), "", False),
        (CrawlConfig(main_content=False), "", False),
        (CrawlConfig(), "wiki", False),
        (CrawlConfig(), "", True),
    ],
)
def test_a_page_is_asked_for_whole_where_another_document_would_be_made_of_it(
    config: CrawlConfig, auth_id: str, refresh: bool
) -> None:
    memo = memo_of(VIEW, TAGGED, "text/html", LINKS, whole=True)

    assert usable(known(memo), VIEW, refresh=False) == memo
    assert usable(known(memo), view_of(config, auth_id), refresh=refresh) is None


@pytest.mark.parametrize("page", [None, known(None), known(Memo(VIEW))])
def test_a_page_that_nothing_is_known_of_is_asked_for_whole(page: Known | None) -> None:
    assert usable(page, VIEW, refresh=False) is None


def test_a_page_has_changed_when_what_is_kept_of_it_has() -> None:
    same = fingerprint_of("full", "T", "text")

    assert change_of(None, same) == "new"
    assert change_of(known(None, same), same) == "unchanged"
    for other in (("full", "T", "text2"), ("full", "T2", "text"), ("metadata", "T", "text")):
        assert change_of(known(None, same), fingerprint_of(*other)) == "changed"
    assert len(fingerprint_of("full", "\ud800", "\udfff")) == 64
