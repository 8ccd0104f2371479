import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.worker.crawler.retry_after import MAX_RETRY_AFTER_SECONDS, may_pass, retry_after_seconds

NOW_MS = 784_111_777_000  # Sun, 06 Nov 1994 08:49:37 GMT


@pytest.mark.parametrize("status", [408, 425, 429, 500, 502, 503, 504, 520])
def test_these_may_pass(status: int) -> None:
    assert may_pass(status)


@pytest.mark.parametrize("status", [400, 401, 403, 404, 410, 451, 501, 505])
def test_these_do_not(status: int) -> None:
    assert not may_pass(status)


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("7", 7.0),
        (" 0 ", 0.0),
        ("99999999999999999999", MAX_RETRY_AFTER_SECONDS),
        ("Sun, 06 Nov 1994 08:50:07 GMT", 30.0),
        ("Sun, 06 Nov 1994 08:49:00 GMT", 0.0),  # already past
        ("Mon, 07 Nov 1994 08:49:37 GMT", MAX_RETRY_AFTER_SECONDS),
        ("Sunday, 06-Nov-94 08:50:07 GMT", 30.0),
        ("Sun Nov  6 08:50:07 1994", 30.0),
        (None, None),
        ("", None),
        ("soon", None),
        ("-5", None),
        ("1.5", None),
    ],
)
def test_retry_after_is_seconds_or_a_date_and_at_most_an_hour(
    header: str | None, seconds: float | None
) -> None:
    assert retry_after_seconds(header, NOW_MS) == seconds


@given(st.text())
def test_no_header_makes_it_raise(header: str | None) -> None:
    seconds = retry_after_seconds(header, NOW_MS)
    assert seconds is None or 0 <= seconds <= MAX_RETRY_AFTER_SECONDS
