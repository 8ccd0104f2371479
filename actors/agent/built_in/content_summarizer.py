"""``content_summarizer``: a short summary; offline the text's own most telling sentences, by TextRank."""

from typing import Any

import msgspec

from actors.agent.contract import AgentInput, AnswerError, agent_type


class Summary(msgspec.Struct, frozen=True):
    """The summary in one text, and the sentences it is made of."""

    summary: str
    sentences: int


def instructions(given: AgentInput) -> str:
    """What a language model is told."""
    return (
        f"Summarise the document in at most {given.config.max_sentences} sentences, in the document's language."
        ' Say only what the document says. "sentences" is how many sentences you wrote.'
    )


def read_summary(answer: Any, _given: AgentInput) -> Summary:
    """A model's answer: an object with ``summary``, or the text itself.

    Raises:
        AnswerError: it is something else, or blank.
    """
    text = answer.get("summary") if isinstance(answer, dict) else answer
    if not isinstance(text, str) or not text.strip():
        raise AnswerError('the answer has no summary: it should be {"summary": "…"}')
    counted = answer.get("sentences") if isinstance(answer, dict) else None
    if not isinstance(counted, int) or isinstance(counted, bool) or counted < 1:
        counted = text.strip().count(". ") + 1
    return Summary(text.strip(), counted)


def engine() -> str:
    """What the sentences are chosen with."""
    from importlib.metadata import version

    return f"textrank (segtok {version('segtok')}, snowballstemmer {version('snowballstemmer')})"


@agent_type(
    "content_summarizer",
    instructions=instructions,
    engine=engine,
    needs=("yake", "segtok", "snowballstemmer"),
    read=read_summary,
)
def content_summarizer(given: AgentInput) -> Summary:
    """Choose the most telling sentences."""
    from actors.agent.extraction.plain_text import plain_text
    from actors.agent.extraction.sentences import key_sentences

    chosen = key_sentences(plain_text(given.text), given.config.max_sentences, given.config.language)
    if not chosen:
        raise AnswerError("there is no sentence in the text")
    return Summary(" ".join(chosen), len(chosen))
