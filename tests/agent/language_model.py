"""A language model's endpoint on loopback: both wire formats, it checks what it is asked, and misbehaves on request.

It is as strict as the real ones where that matters: a wrong key is refused, OpenAI's strict mode wants closed objects
whose properties are all required, and Gemini knows no ``additionalProperties``.
"""

import json
from collections.abc import Callable
from typing import Any

from tests.misbehaving_service import Asked, MisbehavingService, Reply

KEY = "sk-of-the-test"


def openai_says(text: str, *, finish: str = "stop", refusal: str | None = None) -> Reply:
    """A completion of that text."""
    return Reply(
        body=json.dumps(
            {
                "id": "chatcmpl-1",
                "object": "chat.completion",
                "model": "gpt-4o-mini-2024-07-18",
                "choices": [
                    {
                        "index": 0,
                        "message": {"role": "assistant", "content": text, "refusal": refusal},
                        "finish_reason": finish,
                    }
                ],
                "usage": {"prompt_tokens": 1000, "completion_tokens": 200, "total_tokens": 1200},
            }
        ).encode()
    )


def gemini_says(text: str, *, finish: str = "STOP") -> Reply:
    """A generated content of that text."""
    return Reply(
        body=json.dumps(
            {
                "candidates": [
                    {
                        "content": {"parts": [{"text": text}], "role": "model"},
                        "finishReason": finish,
                        "index": 0,
                    }
                ],
                "usageMetadata": {
                    "promptTokenCount": 1000,
                    "candidatesTokenCount": 200,
                    "totalTokenCount": 1200,
                },
                "modelVersion": "gemini-2.0-flash-001",
            }
        ).encode()
    )


def error(code: int, message: str, *, retry_after: str = "", **more: Any) -> Reply:
    """An error as both write it."""
    headers = {"Retry-After": retry_after} if retry_after else {}
    return Reply(json.dumps({"error": {"message": message, "code": code, **more}}).encode(), code, headers)


class LanguageModel(MisbehavingService):
    """Answers the requests with what ``answer`` gives for the number of the request, from 0."""

    base_path = "/v1"

    def __init__(self, answer: Callable[[int], Reply]) -> None:
        super().__init__()
        self.answer = answer

    def said(self, asked: Asked, number: int) -> Reply:
        """A fault of the request, or the answer."""
        fault = _openai_fault(asked) if asked.path.endswith("/chat/completions") else _gemini_fault(asked)
        return fault or self.answer(number)


def _openai_fault(asked: Asked) -> Reply | None:
    if asked.headers.get("authorization") != f"Bearer {KEY}":
        return error(401, f"Incorrect API key provided: {asked.headers.get('authorization', '')}")
    wanted = asked.body.get("response_format", {}).get("json_schema")
    if wanted is not None and wanted["strict"] and not _is_strict(wanted["schema"]):
        return error(
            400, "Invalid schema for response_format: objects must be closed and all properties required"
        )
    return None


def _gemini_fault(asked: Asked) -> Reply | None:
    if asked.headers.get("x-goog-api-key") != KEY:
        return error(400, "API key not valid. Please pass a valid API key.", status="INVALID_ARGUMENT")
    schema = asked.body["generationConfig"].get("responseSchema")
    if schema is not None and "additionalProperties" in json.dumps(schema):
        return error(400, 'Unknown name "additionalProperties"', status="INVALID_ARGUMENT")
    return None


def _is_strict(schema: Any) -> bool:
    if isinstance(schema, list):
        return all(map(_is_strict, schema))
    if not isinstance(schema, dict):
        return True
    if "$ref" in schema:
        return False
    if "properties" in schema and (
        schema.get("additionalProperties") is not False
        or set(schema.get("required", ())) != set(schema["properties"])
    ):
        return False
    return all(_is_strict(each) for key, each in schema.items() if key not in {"enum", "required"})
