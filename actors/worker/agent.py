"""``agent``: finds something out about one stored document and writes it into the document's metadata.

The output is a patch of the metadata, under the agent type's name, in the commit of the job's outcome: no new document,
and whatever else is in the metadata stays. It says what made it (``engine``).
"""

import asyncio
from typing import Any

import msgspec

from actors.agent.config import AgentConfig
from actors.agent.contract import AgentInput, AgentType, AnswerError
from actors.agent.registry import agent_types_of
from actors.agent.settings import AgentSettings
from actors.documents import StoredDocument
from actors.ids import parse_id
from actors.worker.context import JobContext
from actors.worker.decorator import worker
from actors.worker.errors import PermanentError, RetryableError

WORKER_TYPE = "agent"


class AgentTask(msgspec.Struct, frozen=True, omit_defaults=True):
    """Which document, and what to find out. Title, URL and source type are for people who look at the job."""

    agent_type: str
    document_id: str
    title: str = ""
    url: str = ""
    source_type: str = ""


class AgentResult(msgspec.Struct, frozen=True, omit_defaults=True):
    """What was found out; the same is in the document's metadata, under the agent type's name."""

    agent_type: str
    document_id: str
    output: dict[str, Any]


@worker(
    WORKER_TYPE,
    slots=16,
    max_attempts=4,
    backoff_seconds=2.0,
    max_backoff_seconds=120.0,
    spawns=False,
    settings_type=AgentSettings,
)
async def agent(payload: AgentTask, context: JobContext) -> AgentResult:
    """Read the document, find out what the agent type is for, keep it in the document's metadata."""
    settings = context.settings(AgentSettings)
    config = context.config(AgentConfig)
    types = agent_types_of(context.resource("settings"))
    if payload.agent_type not in types:
        raise PermanentError(types.unknown(payload.agent_type))
    wanted = types[payload.agent_type]
    document = await _document(payload, context)
    given = AgentInput(
        document_id=document.id,
        title=document.title,
        url=document.url,
        text=document.body[: settings.max_characters],
        tags=document.tags,
        metadata=document.metadata,
        config=config,
        options=config.options,
    )
    if len(document.body) > settings.max_characters:
        context.warning(
            f"only the first {settings.max_characters} characters of {document.title!r} are looked at"
        )
    if settings.backend == "embedded" or not wanted.has_instructions:
        output = await _embedded(wanted, given)
    else:
        output = await _by_model(wanted, given, settings, context)
    context.patch_document(document.id, {payload.agent_type: output})
    context.info(f"{payload.agent_type} of {document.title!r}: {_count(output)} by {output['engine']}")
    return AgentResult(payload.agent_type, payload.document_id, output)


async def _document(payload: AgentTask, context: JobContext) -> StoredDocument:
    try:
        document = await context.stored_documents.read_async(parse_id(payload.document_id))
    except ValueError as error:
        raise PermanentError(f"Document load failed: {error}") from error
    if document is None:
        raise PermanentError(f"Document load failed: there is no document {payload.document_id}")
    if not document.body.strip():
        raise PermanentError(f"Agent execution failed: document {payload.document_id} has no text")
    return document


async def _embedded(wanted: AgentType, given: AgentInput) -> dict[str, Any]:
    """Call the function, on a thread: it computes."""
    if wanted.function is None:
        raise PermanentError(f"Agent execution failed: {needs_model(wanted.name)}")
    try:
        found = await asyncio.to_thread(wanted.function, given)
    except AnswerError as error:
        raise PermanentError(f"Agent execution failed: {error}") from error
    return {**_fields(found, wanted), "engine": wanted.engine}


async def _by_model(
    wanted: AgentType, given: AgentInput, settings: AgentSettings, context: JobContext
) -> dict[str, Any]:
    from actors.agent.llm.ask import ask, read

    try:
        reply = await ask(wanted, given, settings, context.clock)
    except PermanentError as error:
        raise PermanentError(f"Agent execution failed: {error}") from error
    usage = msgspec.to_builtins(reply.usage)
    try:
        found = read(wanted, given, reply)
    except AnswerError as error:
        context.warning(f"an answer of no use took {usage}")
        raise RetryableError(f"Agent execution failed: {error}") from error
    model = reply.model or settings.model_in_force(given.config.model)
    return {**_fields(found, wanted), "engine": f"{settings.backend} {model}", "usage": usage}


def needs_model(name: str) -> str:
    """What to say of an agent type that only a language model can do, where none is configured."""
    return (
        f'{name} needs a language model: set backend = "openai" or "gemini" and a key in [workers.agent] of'
        " quaero.toml"
    )


def _fields(found: Any, wanted: AgentType) -> dict[str, Any]:
    if not isinstance(found, msgspec.Struct):
        raise PermanentError(
            f"Agent execution failed: {wanted.name} returned a {type(found).__name__}, not a msgspec Struct"
        )
    fields: dict[str, Any] = msgspec.json.decode(msgspec.json.encode(found))  # as it will be read
    return fields


def _count(output: dict[str, Any]) -> str:
    """What was found, in a few words."""
    for key, value in output.items():
        if isinstance(value, list):
            return f"{len(value)} {key}"
    return "done"
