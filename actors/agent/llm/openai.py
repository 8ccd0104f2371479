"""The wire format of ``POST {base_url}/chat/completions``, as OpenAI defines it and many others serve it. Pure."""

from typing import Any

import msgspec

from actors.agent.llm.question import Question, Reply, priced
from actors.agent.settings import AgentSettings
from actors.remote import Request, Response, decoded
from actors.worker.errors import PermanentError, RetryableError

SPENT = frozenset({"insufficient_quota", "billing_hard_limit_reached"})
"""Codes of errors that have the status 429 and do not pass with time."""


class _Message(msgspec.Struct):
    content: str | list[Any] | None = None
    refusal: str | None = None


class _Choice(msgspec.Struct):
    message: _Message | None = None
    finish_reason: str | None = None


class _Usage(msgspec.Struct):
    prompt_tokens: int = 0
    completion_tokens: int = 0


class _Completion(msgspec.Struct):
    choices: list[_Choice] = []
    usage: _Usage | None = None
    model: str | None = None


def request(question: Question, settings: AgentSettings) -> Request:
    """The request that asks the question."""
    body: dict[str, Any] = {
        "model": question.model,
        "messages": [
            {"role": "system", "content": question.system},
            {"role": "user", "content": question.document},
        ],
        "max_tokens": settings.max_output_tokens,
    }
    if settings.temperature is not None:
        body["temperature"] = settings.temperature
    if settings.structured == "schema":
        form = {"name": question.name, "schema": question.form, "strict": True}
        body["response_format"] = {"type": "json_schema", "json_schema": form}
    elif settings.structured == "json":
        body["response_format"] = {"type": "json_object"}
    headers = {"Content-Type": "application/json"}
    if settings.key:
        headers["Authorization"] = f"Bearer {settings.key.reveal()}"
    return Request(
        service="the language model",
        method="POST",
        url=f"{settings.endpoint}/chat/completions",
        headers=headers,
        body=msgspec.json.encode(body),
        timeout_seconds=settings.request_timeout_seconds,
        max_bytes=settings.max_response_bytes,
        secret=settings.key,
    )


def reply(asked: Request, response: Response, settings: AgentSettings) -> Reply:
    """What the model wrote.

    Raises:
        PermanentError: it refused, or its answer was cut.
        RetryableError: there is no answer in it.
    """
    completion: _Completion = decoded(asked, response, _Completion)
    if not completion.choices:
        raise RetryableError(f"{asked.subject} gave no answer: its choices are empty")
    choice = completion.choices[0]
    message = choice.message or _Message()
    if message.refusal or choice.finish_reason == "content_filter":
        words = (message.refusal or "its content filter blocked the answer")[:200]
        raise PermanentError(f"{asked.subject} refused: {words}")
    if choice.finish_reason == "length":
        raise PermanentError(
            f"{asked.subject} was cut at max_output_tokens = {settings.max_output_tokens}: raise it in [workers.agent]"
        )
    used = completion.usage or _Usage()
    usage = priced(used.prompt_tokens, used.completion_tokens, settings)
    return Reply(_text(message.content), usage, completion.model or "")


def error_of(response: Response) -> tuple[str, bool]:
    """What a response other than 2xx says, and whether it is about money, which no wait mends."""
    try:
        body = msgspec.json.decode(response.body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return response.body[:500].decode(errors="replace"), False
    error = body.get("error", body) if isinstance(body, dict) else body
    if not isinstance(error, dict):
        return str(error), False
    return str(error.get("message", "")), bool({error.get("code"), error.get("type")} & SPENT)


def _text(content: str | list[Any] | None) -> str:
    """The content, which some servers give in parts."""
    if isinstance(content, list):
        return "".join(str(part.get("text", "")) for part in content if isinstance(part, dict))
    return content or ""
