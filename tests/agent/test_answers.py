"""What language models write, as outputs: bare JSON, fenced, with words around it, or of no use."""

from typing import Any

import pytest

from actors.agent.built_in import (
    BUILT_IN_AGENT_TYPES,
    category_classifier,
    content_summarizer,
    entity_recognizer,
    keyword_extractor,
)
from actors.agent.built_in.entity_recognizer import Entity
from actors.agent.contract import AnswerError
from actors.agent.llm.answer import parse_answer
from actors.agent.llm.form import output_schema
from tests.agent.given import given


@pytest.mark.parametrize(
    "text",
    [
        '["a", "b"]',
        '  {"keywords": ["a", "b"]} ',
        '```json\n["a", "b"]\n```',
        '```\r\n{"keywords": ["a", "b"]}\r\n```',
        'Here they are:\n```JSON\n["a", "b"]```\nAnything else?',
        'The keywords are {"keywords": ["a", "b"]}. Enjoy!',
        '["a", " ", "", "b", "A", null, 3]',
    ],
)
def test_keywords_are_read_however_the_json_is_wrapped(text: str) -> None:
    assert keyword_extractor.read(parse_answer(text), given()).keywords == ("a", "b")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "the answer is empty"),
        ("I can not do that.", "the answer is no JSON"),
        ('["a", ', "the answer is no JSON"),
        ('["", "  "]', "no keyword was found"),
        ('{"words": []}', "has no list of keywords"),
        ("3", "has no list of keywords"),
        ("[" * 5000, "the answer is no JSON"),
    ],
)
def test_an_answer_of_no_use_says_why(text: str, message: str) -> None:
    with pytest.raises(AnswerError, match=message):
        keyword_extractor.read(parse_answer(text), given())


def test_keywords_are_cut_to_the_wanted_number_and_keep_their_confidence() -> None:
    words = [f"word{number}" for number in range(30)]
    found = keyword_extractor.read(
        {"keywords": words, "confidence": {"word0": 0.91234567, "word1": 7, "word2": "x", "other": 1}},
        given(),
    )

    assert found.keywords == tuple(words[:10])
    assert found.confidence == {"word0": 0.9123, "word1": 1.0}


def test_the_other_outputs_are_read_as_strictly() -> None:
    assert content_summarizer.read({"summary": " It is. Short. "}, given()).summary == "It is. Short."
    entities = entity_recognizer.read(
        [{"text": "Ada  Lovelace", "type": "Person"}, {"text": "x", "type": "spell"}, 3], given()
    )
    assert entities.entities == (Entity("Ada Lovelace", "person", 1),)
    assert category_classifier.read({"category": "Food", "confidence": 3}, given()).category == "food"
    for agent, answer in (
        (content_summarizer, {"summary": ""}),
        (entity_recognizer, {"entities": None}),
        (category_classifier, {"category": "cooking"}),
    ):
        with pytest.raises(AnswerError, match="the answer"):
            agent.read(answer, given())


@pytest.mark.parametrize("agent", BUILT_IN_AGENT_TYPES, ids=lambda each: each.name)
def test_the_form_that_is_asked_for_is_closed_and_whole(agent: Any) -> None:
    form = output_schema(agent.output_type)

    assert form["type"] == "object"
    assert form["additionalProperties"] is False
    assert set(form["required"]) == set(form["properties"])
    assert "$ref" not in str(form)
