"""The ``filter_*`` keys of actions that work on stored documents: their types, what can be wrong, what they mean. Pure.

A step that comes after one that saves documents is about the documents of its own run; any other step about all that
the store has. ``filter_run`` says otherwise.
"""

import re
from collections.abc import Iterator
from datetime import UTC, datetime

import msgspec

from actors.documents import DocumentFilter
from actors.ids import UnknownIdError, parse_id
from actors.job import Step, StepStart

SAVING = frozenset({"crawl", "places_search", "transform"})
"""Actions that are there to save documents."""
CRAWLED = ("web", "jira", "confluence", "github", "crawler")
"""What older files call ``crawler``: pages that a crawl has saved, of whatever system."""

_AGO = re.compile(r"\s*(\d{1,6})\s*([smhdw])\s*", re.ASCII)
_UNIT_MS = {"s": 1000, "m": 60_000, "h": 3_600_000, "d": 86_400_000, "w": 604_800_000}


class TimeError(ValueError):
    """The text names no time. The message goes on after "must be"."""


class DocumentSelection(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """Which stored documents a step works on. A base for the configurations of such actions."""

    filter_source_type: str = ""
    """Only documents of this source type: web, jira, places, transform, …; ``crawler`` = whatever crawls save."""
    filter_tags: tuple[str, ...] = ()
    """Only documents that have all of these tags."""
    filter_limit: int = 0
    """At most so many, the oldest first; 0 = all."""
    filter_created_after: str = ""
    """Only documents first saved after this time: ``2026-01-31``, ``2026-01-31T08:00:00Z``, or ``7d``: in a week."""
    filter_updated_after: str = ""
    """Only documents changed after this time, written in the same way."""
    filter_run: str = ""
    """``this`` run's, ``any`` or a run's id; empty = ``this`` behind a step that saves documents, else ``any``."""

    def wanted(self, start: StepStart, now_ms: int) -> DocumentFilter:
        """The filter that these keys mean for a step that starts now.

        Raises:
            ValueError: a key is wrong, see ``selection_problems``.
        """
        source = self.filter_source_type
        return DocumentFilter(
            run_id=_run_id(self.filter_run, start),
            source_types=CRAWLED if source == "crawler" else (source,) if source else (),
            tags=self.filter_tags,
            created_after=moment_ms(self.filter_created_after, now_ms),
            updated_after=moment_ms(self.filter_updated_after, now_ms),
            limit=self.filter_limit or None,
        )


def selection_problems(config: DocumentSelection) -> Iterator[tuple[str, str]]:
    """What is wrong with the keys beyond their types: pairs of key and sentence."""
    if config.filter_limit < 0:
        yield "filter_limit", f"must be 0 or more, got {config.filter_limit}; 0 means all documents"
    for key in ("filter_created_after", "filter_updated_after"):
        text = getattr(config, key)
        try:
            moment_ms(text, 0)
        except TimeError as error:
            yield key, f"must be {error}, got {text[:80]!r}"
    if config.filter_run not in {"", "this", "any"}:
        try:
            parse_id(config.filter_run)
        except UnknownIdError:
            yield "filter_run", f"must be this, any or the id of a run, got {config.filter_run[:80]!r}"


def moment_ms(text: str, now_ms: int) -> int | None:
    """The time that the text names, in Unix milliseconds; None if it is empty.

    Without a time zone it is in UTC; ``7d`` is seven days before now.

    Raises:
        TimeError: it names no time.
    """
    if not text.strip():
        return None
    ago = _AGO.fullmatch(text)
    if ago is not None:
        return now_ms - int(ago[1]) * _UNIT_MS[ago[2]]
    try:
        moment = datetime.fromisoformat(text.strip())
        return round((moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp() * 1000)
    except (ValueError, OverflowError) as error:
        raise TimeError('a date, a time or an age ("2026-01-31", "2026-01-31T08:00:00Z", "7d")') from error


def _run_id(wanted: str, start: StepStart) -> int | None:
    if wanted == "this":
        return start.run_id
    if wanted == "any":
        return None
    if wanted:
        return parse_id(wanted)
    return start.run_id if _follows_documents(start) else None


def _follows_documents(start: StepStart) -> bool:
    """Whether a step that this one waits for, however far back, is there to save documents."""
    steps: dict[str, Step] = {each.name: each for each in start.definition.steps}
    seen: set[str] = set()
    waiting = list(start.step.depends)
    while waiting:
        step = steps.get(waiting.pop())
        if step is None or step.name in seen:
            continue
        if step.enabled and step.action in SAVING:
            return True
        seen.add(step.name)
        waiting += step.depends
    return False
