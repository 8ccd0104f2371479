"""Which failures of a request may pass with time, and how long to wait. Pure."""

from datetime import UTC
from email.utils import parsedate_to_datetime

MAX_RETRY_AFTER_SECONDS = 3600.0
"""A server that asks for more is asked again after this."""

_PASSING = frozenset({408, 425, 429})


def may_pass(status: int) -> bool:
    """Whether a request that got this status can succeed later: 429 and the like, and all 5xx but 501 and 505."""
    return status in _PASSING or (status >= 500 and status not in {501, 505})


def retry_after_seconds(header: str | None, now_ms: int) -> float | None:
    """What a ``Retry-After`` header asks for, at most an hour; None if it says nothing that can be read.

    Args:
        header: seconds or an HTTP date.
        now_ms: Unix milliseconds.
    """
    text = (header or "").strip()
    if text.isascii() and text.isdigit():
        # A number of more digits than fit is a long time all the same.
        return min(float(text[:12]), MAX_RETRY_AFTER_SECONDS)
    try:
        date = parsedate_to_datetime(text)
    except (ValueError, OverflowError):
        return None
    if date.tzinfo is None:
        date = date.replace(tzinfo=UTC)
    return min(max(date.timestamp() - now_ms / 1000, 0.0), MAX_RETRY_AFTER_SECONDS)
