"""The embedded agents on real texts, with the libraries they work with."""

from contextlib import suppress

import pytest

from actors.agent.built_in import (
    BUILT_IN_AGENT_TYPES,
    category_classifier,
    content_summarizer,
    entity_recognizer,
    keyword_extractor,
)
from actors.agent.contract import AnswerError
from actors.agent.extraction.plain_text import plain_text
from actors.agent.extraction.sentences import key_sentences
from tests.agent.given import TEXT, given


def test_keywords_are_the_texts_own_words_and_no_more_than_wanted() -> None:
    found = keyword_extractor(given(max_keywords=5))

    assert len(found.keywords) == 5
    assert all(each.lower() in " ".join(plain_text(TEXT).lower().split()) for each in found.keywords)
    assert any("Lovelace" in each for each in found.keywords)
    assert set(found.confidence) == set(found.keywords)
    assert all(0 < value <= 1 for value in found.confidence.values())
    assert keyword_extractor.engine.startswith("yake 0.")


def test_a_text_without_words_that_say_anything_has_no_keywords() -> None:
    with pytest.raises(AnswerError, match="no keyword was found"):
        keyword_extractor(given("the of and ... 1 2 3"))


def test_a_summary_is_the_most_telling_sentences_in_the_order_of_the_text() -> None:
    found = content_summarizer(given(max_sentences=2))

    text = " ".join(plain_text(TEXT).split())
    assert found.sentences == 2
    places = [text.index(part) for part in found.summary.split(". ", 1)]
    assert places == sorted(places)
    assert "secret_code" not in found.summary
    assert len(key_sentences(plain_text(TEXT), 20, "en")) > 3
    with pytest.raises(AnswerError, match="no sentence"):
        content_summarizer(given("```\ncode\n```"))


def test_entities_are_found_by_their_form_and_by_the_words_around_names() -> None:
    found = {(each.type, each.text): each.count for each in entity_recognizer(given()).entities}

    assert found["person", "Ada Lovelace"] >= 1
    assert {
        ("person", "Charles Babbage"),
        ("location", "London"),
        ("location", "Wheelers Hill"),
        ("organization", "University of Cambridge"),
        ("date", "5 May 1843"),
        ("money", "$2.5 million"),
        ("percentage", "12%"),
        ("email", "ada@example.org"),
        ("phone", "+61 3 9561 1234"),
    } <= set(found)
    only = entity_recognizer(given(entity_types=("date", "email"))).entities
    assert {each.type for each in only} == {"date", "email"}
    assert entity_recognizer(given("nothing here")).entities == ()


def test_a_text_is_of_the_category_that_most_words_speak_for() -> None:
    food = "The chef cooks dinner. The menu of the restaurant has pizza, and dishes of every cuisine."

    assert category_classifier(given(food)).category == "food"
    own = category_classifier(given(food, categories={"kitchen": ("chefs", "dish"), "garden": ("flower",)}))
    assert (own.category, own.confidence, own.scores) == ("kitchen", 1.0, {"kitchen": 1.0})
    assert category_classifier(given(food, categories=("sports", "food"))).category == "food"
    assert category_classifier(given("xyzzy", title="")).category == "other"


@pytest.mark.parametrize("agent", BUILT_IN_AGENT_TYPES, ids=lambda each: each.name)
@pytest.mark.parametrize("language", ["de", "fr", "ru", "tr", "fi"])
def test_every_agent_bears_other_languages(agent: object, language: str) -> None:
    text = "Die Eisenbahn nach München fährt heute später. La voiture rouge est arrivée à la gare de Lyon. Привет, мир!"

    assert agent(given(text, language=language)) is not None  # type: ignore[operator]


@pytest.mark.parametrize("agent", BUILT_IN_AGENT_TYPES, ids=lambda each: each.name)
@pytest.mark.parametrize(
    "hostile",
    [
        "<!--" * 5_000,
        "[" * 20_000,
        "*a" * 4_000,
        "```\n~~~\n" * 2_000,
        "A " * 4_000,
        "+1 " * 4_000,
        "\0\ud800 x",
    ],
    ids=["comments", "brackets", "stars", "fences", "capitals", "numbers", "surrogates"],
)
def test_a_hostile_text_is_an_answer_or_none_within_seconds(agent: object, hostile: str) -> None:
    with suppress(AnswerError):
        agent(given(hostile, title="x"))  # type: ignore[operator]


def test_names_of_fields_that_every_record_has_are_no_words_of_the_text() -> None:
    text = "".join(f"- Address: {name} Street\n- Types: cafe\n\n" for name in ("Elm", "Oak", "Ash"))

    words = "Elm Street cafe Oak Street cafe Ash Street cafe Note: it rains."
    assert plain_text(text + "Note: it rains.").split() == words.split()
