"""The wire format of Google Gemini: ``POST {base_url}/models/{model}:generateContent``. Pure."""

import re
from typing import Any
from urllib.parse import quote

import msgspec

from actors.agent.llm.form import without_closing
from actors.agent.llm.question import Question, Reply, priced
from actors.agent.settings import AgentSettings
from actors.remote import Request, Response, decoded
from actors.worker.errors import PermanentError, RetryableError

BLOCKED = frozenset(
    {"SAFETY", "RECITATION", "LANGUAGE", "BLOCKLIST", "PROHIBITED_CONTENT", "SPII", "IMAGE_SAFETY", "OTHER"}
)
"""Reasons to end that another attempt does not change."""
_DELAY = re.compile(r"(\d{1,7}(?:\.\d{1,9})?)s")


class _Part(msgspec.Struct):
    text: str = ""
    thought: bool = False


class _Content(msgspec.Struct):
    parts: list[_Part] = []


class _Candidate(msgspec.Struct, rename="camel"):
    content: _Content | None = None
    finish_reason: str | None = None


class _Feedback(msgspec.Struct, rename="camel"):
    block_reason: str | None = None


class _Usage(msgspec.Struct, rename="camel"):
    prompt_token_count: int = 0
    candidates_token_count: int = 0
    thoughts_token_count: int = 0


class _Generated(msgspec.Struct, rename="camel"):
    candidates: list[_Candidate] = []
    prompt_feedback: _Feedback | None = None
    usage_metadata: _Usage | None = None
    model_version: str | None = None


def request(question: Question, settings: AgentSettings) -> Request:
    """The request that asks the question."""
    generation: dict[str, Any] = {"maxOutputTokens": settings.max_output_tokens, "candidateCount": 1}
    if settings.temperature is not None:
        generation["temperature"] = settings.temperature
    if settings.structured != "text":
        generation["responseMimeType"] = "application/json"
    if settings.structured == "schema":
        generation["responseSchema"] = without_closing(question.form)
    body = {
        "systemInstruction": {"parts": [{"text": question.system}]},
        "contents": [{"role": "user", "parts": [{"text": question.document}]}],
        "generationConfig": generation,
    }
    model = question.model.removeprefix("models/")
    headers = {"Content-Type": "application/json"}
    if settings.key:
        headers["x-goog-api-key"] = settings.key.reveal()
    return Request(
        service="Gemini",
        method="POST",
        url=f"{settings.endpoint}/models/{quote(model, safe='')}:generateContent",
        headers=headers,
        body=msgspec.json.encode(body),
        timeout_seconds=settings.request_timeout_seconds,
        max_bytes=settings.max_response_bytes,
        secret=settings.key,
    )


def reply(asked: Request, response: Response, settings: AgentSettings) -> Reply:
    """What the model wrote.

    Raises:
        PermanentError: the prompt or the answer was blocked, or the answer was cut.
        RetryableError: there is no answer in it.
    """
    generated: _Generated = decoded(asked, response, _Generated)
    if generated.prompt_feedback is not None and generated.prompt_feedback.block_reason:
        raise PermanentError(
            f"{asked.subject} blocked the document: {generated.prompt_feedback.block_reason}"
        )
    if not generated.candidates:
        raise RetryableError(f"{asked.subject} gave no answer: its candidates are empty")
    candidate = generated.candidates[0]
    if candidate.finish_reason in BLOCKED:
        raise PermanentError(f"{asked.subject} blocked its answer: {candidate.finish_reason}")
    if candidate.finish_reason == "MAX_TOKENS":
        raise PermanentError(
            f"{asked.subject} was cut at max_output_tokens = {settings.max_output_tokens}: raise it in [workers.agent]"
        )
    parts = candidate.content.parts if candidate.content is not None else []
    used = generated.usage_metadata or _Usage()
    tokens_out = used.candidates_token_count + used.thoughts_token_count
    return Reply(
        "".join(part.text for part in parts if not part.thought),
        priced(used.prompt_token_count, tokens_out, settings),
        generated.model_version or "",
    )


def error_of(response: Response) -> tuple[str, float | None]:
    """What a response other than 2xx says, and the seconds its details ask to wait."""
    try:
        body = msgspec.json.decode(response.body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return response.body[:500].decode(errors="replace"), None
    if isinstance(body, list) and body:
        body = body[0]
    error = body.get("error") if isinstance(body, dict) else None
    if not isinstance(error, dict):
        return "", None
    details = error.get("details")
    for detail in details if isinstance(details, list) else ():
        found = _DELAY.fullmatch(str(detail.get("retryDelay", ""))) if isinstance(detail, dict) else None
        if found is not None:
            return str(error.get("message", "")), float(found[1])
    return str(error.get("message", "")), None
