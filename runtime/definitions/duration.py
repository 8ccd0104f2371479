"""Durations as people write them. Pure."""

import math
import re

LONGEST_SECONDS = 10 * 366 * 86400.0
"""Ten years: a longer duration is a mistake."""

_UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
_PART = re.compile(r"([0-9]{1,15}(?:\.[0-9]{1,15})?)(ms|s|m|h|d)")


class DurationError(ValueError):
    """A value is no duration; the text says what one looks like, as it follows "must be"."""


def parse_duration(value: float | str) -> float:
    """Seconds of a duration: a number of seconds, or text like "30m", "1h30m", "1.5s", "250ms"; "" is 0.

    Raises:
        DurationError: it is neither, or negative, or longer than ten years.
    """
    seconds = _seconds(value.strip()) if isinstance(value, str) else float(value)
    if not math.isfinite(seconds) or not 0 <= seconds <= LONGEST_SECONDS:
        raise DurationError("a duration between 0 and ten years")
    return seconds


def _seconds(text: str) -> float:
    if text in {"", "0"}:
        return 0.0
    seconds, at = 0.0, 0
    while at < len(text):
        part = _PART.match(text, at)
        if part is None:
            raise DurationError('a duration like "30m" or "1h30m", or a number of seconds')
        seconds += float(part.group(1)) * _UNITS[part.group(2)]
        at = part.end()
    return seconds
