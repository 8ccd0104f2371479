import msgspec
import pytest

from actors.agent.config import AgentConfig, clamped_keywords, config_problems
from actors.agent.settings import AgentSettings
from actors.settings import Secret, is_placeholder


@pytest.mark.parametrize(
    ("wanted", "limit"), [(10, 10), (1, 5), (99, 15), (7.0, 7), ("12", 12), ("8.0", 8), (1e300, 15), (-3, 5)]
)
def test_max_keywords_is_any_number_within_5_to_15(wanted: float | str, limit: int) -> None:
    assert clamped_keywords(wanted) == limit
    assert AgentConfig(agent_type="keyword_extractor", max_keywords=wanted).keyword_limit == limit


@pytest.mark.parametrize(
    ("keys", "key", "sentence"),
    [
        ({"agent_type": " "}, "agent_type", "must name an agent type"),
        ({"max_keywords": "many"}, "max_keywords", "must be a number, got 'many'; write max_keywords = 10"),
        ({"max_keywords": "nan"}, "max_keywords", "must be a number"),
        ({"max_sentences": 0}, "max_sentences", "must be 1 to 20, got 0"),
        ({"language": "xx"}, "language", "must be one of da, de, en"),
        ({"entity_types": ["date", "dates"]}, "entity_types[1]", "must be one of person"),
        ({"categories": ["a", ""]}, "categories", "must not have an empty name"),
        ({"filter_limit": -1}, "filter_limit", "must be 0 or more"),
        ({"filter_created_after": "soon"}, "filter_created_after", "must be a date"),
        ({"api_key": "sk-123"}, "api_key", "must not be in a definition, which is stored"),
    ],
)
def test_what_is_wrong_with_a_step_is_told_by_its_key(
    keys: dict[str, object], key: str, sentence: str
) -> None:
    config = msgspec.convert({"agent_type": "keyword_extractor", **keys}, AgentConfig)
    found = dict(config_problems(config))

    assert list(found) == [key]
    assert found[key].startswith(sentence)
    assert "sk-123" not in found[key]


def test_a_placeholder_is_borne_in_a_definition_and_no_key_in_the_settings() -> None:
    config = AgentConfig(agent_type="keyword_extractor", api_key="{google_places_api_key}")

    assert not list(config_problems(config))
    assert is_placeholder(" {a-b_c} ")
    assert not any(map(is_placeholder, ("", "{}", "x{a}", "{a}{b}", "sk-1")))
    assert not AgentSettings(backend="gemini", api_key=Secret("{google_key}")).key
    assert AgentSettings(backend="gemini", api_key=Secret("AIza")).key == Secret("AIza")


def test_the_endpoint_and_the_model_are_those_of_the_back_end_unless_they_are_said() -> None:
    assert AgentSettings(backend="openai").endpoint == "https://api.openai.com/v1"
    assert AgentSettings(backend="gemini").model_in_force() == "gemini-2.0-flash"
    own = AgentSettings(backend="openai", base_url="http://127.0.0.1:11434/v1/", model="llama3.2")
    assert (own.endpoint, own.model_in_force(), own.model_in_force("other")) == (
        "http://127.0.0.1:11434/v1",
        "llama3.2",
        "other",
    )


def test_jobs_of_one_endpoint_share_a_rate_and_embedded_ones_have_none() -> None:
    own = AgentSettings(
        backend="openai", base_url="http://user:pw@LLM.example:8000/v1", requests_per_minute=120
    )

    assert (own.rate_key, own.rate_ms) == ("llm llm.example:8000", 500)
    for free in (AgentSettings(), AgentSettings(backend="openai", requests_per_minute=0)):
        assert (free.rate_key, free.rate_ms) == ("", 0)


@pytest.mark.parametrize("url", ["api.openai.com", "ftp://x/y", "http://", "https://x/y?key=1"])
def test_a_base_url_that_is_none_is_refused(url: str) -> None:
    with pytest.raises(msgspec.ValidationError, match="base_url must be http://host/path"):
        msgspec.convert({"base_url": url}, AgentSettings)
