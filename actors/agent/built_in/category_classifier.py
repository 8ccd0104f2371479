"""``category_classifier``: which of some categories a text belongs to; offline by the words that speak for each."""

from typing import Any

import msgspec

from actors.agent.contract import AgentInput, AnswerError, agent_type
from actors.agent.extraction.topics import TOPICS

NONE = "other"
"""The category of a text that no word speaks for."""
TITLE_WEIGHT = 3


class Category(msgspec.Struct, frozen=True):
    """The category, how sure that is from 0 to 1, and the score of each that something speaks for."""

    category: str
    confidence: float
    scores: dict[str, float] = {}


def topics(given: AgentInput) -> dict[str, tuple[str, ...]]:
    """The categories with the words that speak for each; our own where the step names none."""
    wanted = given.config.categories
    if not wanted:
        return TOPICS
    if isinstance(wanted, dict):
        return wanted
    return {name: (name, *TOPICS.get(name.strip().lower(), ())) for name in wanted}


def instructions(given: AgentInput) -> str:
    """What a language model is told."""
    known = ", ".join((*topics(given), NONE))
    return (
        f"Say which one of these categories the document belongs to: {known}. confidence is from 0 to 1; scores has a"
        " number from 0 to 1 for each category that fits at all, and may be empty."
    )


def read_category(answer: Any, given: AgentInput) -> Category:
    """A model's answer: an object with ``category``, or its name; one that was not offered is refused.

    Raises:
        AnswerError: it is something else.
    """
    name = answer.get("category") if isinstance(answer, dict) else answer
    known = {each.casefold(): each for each in (*topics(given), NONE)}
    if not isinstance(name, str) or name.strip().casefold() not in known:
        raise AnswerError(f"the answer's category {str(name)[:80]!r} is none of {', '.join(known.values())}")
    given_scores = answer.get("scores") if isinstance(answer, dict) else None
    scores = {
        known[key.casefold()]: _share(value)
        for key, value in (given_scores.items() if isinstance(given_scores, dict) else ())
        if isinstance(key, str) and key.casefold() in known
    }
    confidence = answer.get("confidence") if isinstance(answer, dict) else None
    return Category(known[name.strip().casefold()], _share(confidence), scores)


def engine() -> str:
    """What words are compared by."""
    from importlib.metadata import version

    return f"quaero topics 1 (snowballstemmer {version('snowballstemmer')})"


@agent_type(
    "category_classifier",
    instructions=instructions,
    engine=engine,
    needs=("yake", "snowballstemmer"),
    read=read_category,
)
def category_classifier(given: AgentInput) -> Category:
    """Count the words of the text that speak for each category; words of the title count more."""
    from actors.agent.extraction.plain_text import plain_text
    from actors.agent.extraction.words import stems

    language = given.config.language
    text = stems(plain_text(given.text), language) + TITLE_WEIGHT * stems(given.title, language)
    counts: dict[str, int] = {}
    for name, speaking in topics(given).items():
        wanted = set(stems(" ".join(speaking), language))
        found = sum(word in wanted for word in text)
        if found:
            counts[name] = found
    if not counts:
        return Category(NONE, 0.0)
    total = sum(counts.values())
    scores = {name: round(found / total, 4) for name, found in counts.items()}
    best = max(counts, key=lambda name: counts[name])
    return Category(best, scores[best], scores)


def _share(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not value >= 0:
        return 0.0
    return round(min(float(value), 1.0), 4)
