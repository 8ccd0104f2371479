"""``keyword_extractor``: the words and short phrases a text is about; yake offline, statistics of the text itself."""

from typing import Any

import msgspec

from actors.agent.contract import AgentInput, AnswerError, agent_type

LONGEST = 200
"""Characters of a keyword; what is longer is a sentence."""


class Keywords(msgspec.Struct, frozen=True, omit_defaults=True):
    """The keywords, the most telling first; ``confidence`` from 0 to 1, of those that have one."""

    keywords: tuple[str, ...]
    confidence: dict[str, float] = {}


def instructions(given: AgentInput) -> str:
    """What a language model is told."""
    return (
        f"Extract the {given.config.keyword_limit} most important keywords or short phrases of the document, the most"
        " important first. Use the document's own words and language, one to three words each, no sentences."
    )


def read_keywords(answer: Any, given: AgentInput) -> Keywords:
    """A model's answer: a list of keywords, or an object with ``keywords`` and perhaps ``confidence``.

    Raises:
        AnswerError: it is something else, or no keyword is left.
    """
    found = answer.get("keywords") if isinstance(answer, dict) else answer
    said = answer.get("confidence") if isinstance(answer, dict) else None
    confidence: dict[str, Any] = said if isinstance(said, dict) else {}
    if not isinstance(found, list):
        raise AnswerError('the answer has no list of keywords: it should be {"keywords": ["…"]}')
    return kept([each for each in found if isinstance(each, str)], confidence, given.config.keyword_limit)


def kept(found: list[str], confidence: dict[str, Any], limit: int) -> Keywords:
    """The keywords without blank ones and repetitions, at most ``limit``.

    Raises:
        AnswerError: none is left.
    """
    wanted: dict[str, str] = {}
    for each in found:
        keyword = " ".join(each.split())
        if keyword and len(keyword) <= LONGEST:
            wanted.setdefault(keyword.casefold(), keyword)
    keywords = tuple(wanted.values())[:limit]
    if not keywords:
        raise AnswerError("no keyword was found")
    known = {
        keyword: round(min(max(float(value), 0.0), 1.0), 4)
        for keyword in keywords
        if isinstance(value := confidence.get(keyword), int | float) and value == value  # noqa: PLR0124 (NaN)
    }
    return Keywords(keywords, known)


def apart(found: list[str]) -> list[str]:
    """Those that are no other cut of a better one's words: of "Ada Lovelace met" and "Ada Lovelace" the first."""
    taken: list[set[str]] = []
    result = []
    for each in found:
        words = set(each.casefold().split())
        if not any(len(words & other) > 1 or words <= other for other in taken):
            taken.append(words)
            result.append(each)
    return result


def engine() -> str:
    """What the keywords are found with."""
    from importlib.metadata import version

    return f"yake {version('yake')}"


@agent_type(
    "keyword_extractor", instructions=instructions, engine=engine, needs=("yake",), read=read_keywords
)
def keyword_extractor(given: AgentInput) -> Keywords:
    """Find keywords by yake; a score near 0 is a strong keyword there."""
    import yake

    from actors.agent.extraction.plain_text import plain_text

    limit = given.config.keyword_limit
    extractor = yake.KeywordExtractor(lan=given.config.language, n=3, dedup_lim=0.8, top=4 * limit)
    found = extractor.extract_keywords(plain_text(given.text))
    confidence = {keyword: 1 / (1 + float(score)) for keyword, score in found}
    return kept(apart([keyword for keyword, _ in found]), confidence, limit)
