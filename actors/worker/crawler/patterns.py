"""Include and exclude patterns of a crawl: which URLs pass.

The regular expressions are RE2's: searched for anywhere in the URL, in time linear in its length whatever the pattern.
A pattern that is none is an error and never a pattern that lets everything pass.
"""

from collections.abc import Iterable
from functools import lru_cache
from typing import Protocol

import re2

MAX_PATTERN_LENGTH = 10_000


class _Searched(Protocol):
    """What we use of a compiled pattern."""

    def search(self, text: str) -> object | None: ...


class PatternError(ValueError):
    """A text is no regular expression of RE2.

    ``position`` is where in the pattern the offending part begins, None if RE2 names none.
    """

    def __init__(self, pattern: str, reason: str, position: int | None = None) -> None:
        shown = repr(pattern if len(pattern) <= 200 else pattern[:200] + "…")
        where = "" if position is None else f" at position {position}"
        super().__init__(
            f"{shown} is not a regular expression{where}: {reason}; the syntax is RE2's "
            "(no look-around, no back-references)"
        )
        self.pattern = pattern
        self.reason = reason
        self.position = position


class Patterns:
    """The compiled patterns of one step. Empty patterns count for nothing.

    Raises:
        PatternError: one of them is no regular expression.
    """

    def __init__(self, include: Iterable[str] = (), exclude: Iterable[str] = ()) -> None:
        self._include = tuple(compiled(each) for each in include if each)
        self._exclude = tuple(compiled(each) for each in exclude if each)

    def __repr__(self) -> str:
        return f"<Patterns(include={len(self._include)}, exclude={len(self._exclude)})>"

    @property
    def includes(self) -> bool:
        """Whether there is an include pattern, so that the URLs outside are named by the definition."""
        return bool(self._include)

    def passes(self, url: str) -> bool:
        """Whether a URL matches an include pattern, if there are any, and no exclude pattern."""
        if self._include and not any(each.search(url) for each in self._include):
            return False
        return not any(each.search(url) for each in self._exclude)


@lru_cache(maxsize=64)
def patterns(include: tuple[str, ...], exclude: tuple[str, ...]) -> Patterns:
    """The patterns of a step, compiled once for all its pages."""
    return Patterns(include, exclude)


def compiled(pattern: str) -> _Searched:
    """The compiled pattern.

    Raises:
        PatternError: the text is no regular expression.
    """
    if len(pattern) > MAX_PATTERN_LENGTH:
        raise PatternError(pattern, f"it has {len(pattern)} characters, more than {MAX_PATTERN_LENGTH}")
    options = re2.Options()
    options.log_errors = False  # else RE2 writes to stderr itself
    try:
        return re2.compile(pattern, options)  # type: ignore[no-any-return]
    except re2.error as error:
        reason = _reason(error)
        raise PatternError(pattern, reason, _position(pattern, reason)) from error
    except UnicodeEncodeError as error:
        raise PatternError(pattern, "it has half a surrogate pair", error.start) from error


def _reason(error: Exception) -> str:
    reason = error.args[0] if error.args else "unknown"
    return reason.decode(errors="replace") if isinstance(reason, bytes) else str(reason)


def _position(pattern: str, reason: str) -> int | None:
    """RE2 ends its reason with the part it means, but does not say where that stands: it may be anywhere else too."""
    part = reason.partition(": ")[2]
    return pattern.find(part) if part and part != pattern and pattern.count(part) == 1 else None
