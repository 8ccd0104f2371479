"""What a step of the action ``agent`` says: which documents, which agent type, and how it is to work."""

from collections.abc import Iterator
from typing import Any

from actors.document_selection import DocumentSelection, selection_problems
from actors.settings import is_placeholder

MIN_KEYWORDS, MAX_KEYWORDS, KEYWORDS = 5, 15, 10
MAX_SENTENCES = 20
LANGUAGES = ("da", "de", "en", "es", "fi", "fr", "hu", "it", "nl", "no", "pt", "ro", "ru", "sv", "tr")
"""Languages there are both stop words and a stemmer for."""
_KEY_IN_DEFINITION = (
    "must not be in a definition, which is stored; remove it and set api_key_file in [workers.agent] of quaero.toml, or"
    " the variable QUAERO_WORKERS__AGENT__API_KEY"
)
ENTITY_KINDS = ("person", "organization", "location", "date", "money", "percentage", "email", "phone", "url")


class AgentConfig(DocumentSelection, frozen=True, omit_defaults=True, kw_only=True):
    """A step with ``action = "agent"``."""

    agent_type: str
    """What is to be found out: keyword_extractor, content_summarizer, entity_recognizer, category_classifier."""
    max_keywords: int | float | str = KEYWORDS
    """Keywords of a document, 5 to 15; a number outside of that means the nearest."""
    max_sentences: int = 3
    """Sentences of a summary, at most."""
    entity_types: tuple[str, ...] = ()
    """Entities wanted: person, organization, location, date, money, percentage, email, phone, url; none = all."""
    categories: tuple[str, ...] | dict[str, tuple[str, ...]] = ()
    """What documents are sorted into: names, or a table from each name to words that speak for it; none = our own."""
    language: str = "en"
    """Of the texts: da, de, en, es, fi, fr, hu, it, nl, no, pt, ro, ru, sv, tr."""
    instructions: str = ""
    """Added to what a language model is told."""
    model: str = ""
    """The language model, instead of the one in [workers.agent]."""
    api_key: str = ""
    """Of older files, only as a {placeholder} that nothing fills: keys belong into [workers.agent]."""
    operation_type: str = ""
    """Of older files, without meaning here."""
    use_keywords: bool = False
    """A language model is also told the keywords that keyword_extractor has found before."""
    options: dict[str, Any] = {}  # noqa: RUF012 (msgspec copies it)
    """Whatever an agent type of one's own wants to know."""

    @property
    def keyword_limit(self) -> int:
        """``max_keywords`` within its bounds."""
        return clamped_keywords(self.max_keywords)


def clamped_keywords(wanted: float | str) -> int:
    """A number of keywords within the bounds.

    Raises:
        ValueError: it is no number.
    """
    number = float(wanted)  # "10", 10, 10.0
    if number != number:  # noqa: PLR0124 (NaN)
        raise ValueError("nan")
    return round(min(max(number, MIN_KEYWORDS), MAX_KEYWORDS))


def config_problems(config: AgentConfig) -> Iterator[tuple[str, str]]:
    """What is wrong beyond the types: pairs of key and sentence."""
    yield from selection_problems(config)
    if not config.agent_type.strip():
        yield "agent_type", 'must name an agent type, got ""; write agent_type = "keyword_extractor"'
    try:
        clamped_keywords(config.max_keywords)
    except ValueError:
        yield (
            "max_keywords",
            f"must be a number, got {config.max_keywords!r:.80}; write max_keywords = {KEYWORDS}",
        )
    if not 1 <= config.max_sentences <= MAX_SENTENCES:
        yield "max_sentences", f"must be 1 to {MAX_SENTENCES}, got {config.max_sentences}"
    if config.language not in LANGUAGES:
        yield "language", f"must be one of {', '.join(LANGUAGES)}, got {config.language[:80]!r}"
    for position, kind in enumerate(config.entity_types):
        if kind not in ENTITY_KINDS:
            known = ", ".join(ENTITY_KINDS)
            yield f"entity_types[{position}]", f"must be one of {known}, got {kind[:80]!r}"
    if any(not name.strip() for name in config.categories):
        yield "categories", "must not have an empty name"
    if config.api_key and not is_placeholder(config.api_key):
        yield "api_key", _KEY_IN_DEFINITION
