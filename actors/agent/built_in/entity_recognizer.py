"""``entity_recognizer``: who, where, when, how much; offline by rules for what has a form of its own.

Dates, amounts, addresses of mail and web and numbers of telephones are found by their form. Names are runs of words in
capitals within a sentence; words beside them and in them tell persons, organizations and locations apart, so some are
missed and some are wrong. A language model does better; the output says which it was.
"""

from typing import Any, Literal

import msgspec

from actors.agent.config import ENTITY_KINDS
from actors.agent.contract import AgentInput, AnswerError, agent_type

MAX_ENTITIES = 200

Kind = Literal["person", "organization", "location", "date", "money", "percentage", "email", "phone", "url"]


class Entity(msgspec.Struct, frozen=True):
    """One entity, as it is first written, and how often."""

    text: str
    type: Kind
    count: int = 1


class Entities(msgspec.Struct, frozen=True):
    """The entities, the most frequent first; there may be none."""

    entities: tuple[Entity, ...]


def instructions(given: AgentInput) -> str:
    """What a language model is told."""
    kinds = ", ".join(given.config.entity_types or ENTITY_KINDS)
    return (
        f"List the named entities of the document, each once, of these types only: {kinds}. Write each as the document"
        " writes it; count says how often it is named."
    )


def read_entities(answer: Any, given: AgentInput) -> Entities:
    """A model's answer: a list of entities, or an object that has it; those of other types are left out.

    Raises:
        AnswerError: it is something else.
    """
    found = answer.get("entities") if isinstance(answer, dict) else answer
    if not isinstance(found, list):
        raise AnswerError(
            'the answer has no list of entities: it should be {"entities": [{"text": …, "type": …}]}'
        )
    entities: list[tuple[str, Any, int]] = []
    for each in found:
        text, kind, count = (
            each.get(key) if isinstance(each, dict) else None for key in ("text", "type", "count")
        )
        if isinstance(text, str) and text.strip() and isinstance(kind, str) and kind.lower() in ENTITY_KINDS:
            right = isinstance(count, int) and not isinstance(count, bool) and count > 0
            entities.append((text, kind.lower(), count if isinstance(count, int) and right else 1))
    return kept(entities, given)


def kept(found: list[tuple[str, Any, int]], given: AgentInput) -> Entities:
    """Those of the wanted types, each once with its number."""
    counts: dict[tuple[str, Any], tuple[str, int]] = {}
    for text, kind, count in found:
        if not given.config.entity_types or kind in given.config.entity_types:
            written = " ".join(text.split())
            first, before = counts.get((written.casefold(), kind), (written, 0))
            counts[written.casefold(), kind] = first, before + count
    entities = [Entity(text, kind, count) for (_, kind), (text, count) in counts.items()]
    return Entities(tuple(sorted(entities, key=lambda each: -each.count)[:MAX_ENTITIES]))


@agent_type("entity_recognizer", instructions=instructions, engine="quaero rules 1", read=read_entities)
def entity_recognizer(given: AgentInput) -> Entities:
    """Find entities by their forms, and names by the words around them."""
    from actors.agent.extraction.forms import formed
    from actors.agent.extraction.names import names
    from actors.agent.extraction.plain_text import plain_text

    found, rest = formed(plain_text(given.text))
    return kept([(text, kind, 1) for text, kind in (*found, *names(rest))], given)
