"""The agent types that come with the runtime."""

from actors.agent.built_in.category_classifier import category_classifier
from actors.agent.built_in.content_summarizer import content_summarizer
from actors.agent.built_in.entity_recognizer import entity_recognizer
from actors.agent.built_in.keyword_extractor import keyword_extractor
from actors.agent.contract import AgentType

BUILT_IN_AGENT_TYPES: tuple[AgentType, ...] = (
    keyword_extractor,
    content_summarizer,
    entity_recognizer,
    category_classifier,
)

__all__ = [
    "BUILT_IN_AGENT_TYPES",
    "category_classifier",
    "content_summarizer",
    "entity_recognizer",
    "keyword_extractor",
]
