"""Agents: what is found out about a document's text, by a library here or by a language model elsewhere.

- ``contract``    AgentType and ``@agent_type``: one agent type, its output and its two ways of work
- ``registry``    which agent types a runtime has
- ``config``      what a step of the action ``agent`` says
- ``settings``    ``[workers.agent]``: the back end, its endpoint, key, limits and prices
- ``built_in``    the agent types that come with the runtime
- ``extraction``  what works offline: plain text, sentences, words, topics
- ``llm``         OpenAI-compatible endpoints and Google Gemini
"""

from actors.agent.contract import AgentInput, AgentType, AnswerError, agent_type
from actors.agent.registry import AgentTypes

__all__ = ["AgentInput", "AgentType", "AgentTypes", "AnswerError", "agent_type"]
