"""A language model's endpoint on loopback: both wire formats, it checks what it is asked, and misbehaves on request.

It is as strict as the real ones where that matters: a wrong key is refused, OpenAI's strict mode wants closed objects
whose properties are all required, and Gemini knows no ``additionalProperties``.
"""

import json
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self

import msgspec

KEY = "sk-of-the-test"


class Reply(msgspec.Struct, frozen=True):
    """What the endpoint says to one request."""

    status: int = 200
    body: bytes = b""
    headers: dict[str, str] = {}
    endless: bool = False  # it goes on for ever
    silent: bool = False  # it never comes


class Asked(msgspec.Struct, frozen=True):
    """One request."""

    path: str
    headers: dict[str, str]
    body: dict[str, Any]
    at: float = 0.0


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
    return Reply(code, json.dumps({"error": {"message": message, "code": code, **more}}).encode(), headers)


class LanguageModel:
    """Answers the requests with what ``answer`` gives for the number of the request, from 0."""

    def __init__(self, answer: Callable[[int], Reply]) -> None:
        self.answer = answer
        self.asked: list[Asked] = []
        self.changed = threading.Condition()
        self.ends = threading.Event()
        self._server = _Server(("127.0.0.1", 0), _Handler)
        self._server.model = self

    def __enter__(self) -> Self:
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,))
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.ends.set()
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    @property
    def base_url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self._server.server_address[1]}/v1"

    def wait_for(self, count: int) -> bool:
        """Wait until it was asked so often."""
        with self.changed:
            return self.changed.wait_for(lambda: len(self.asked) >= count, 30)

    def reply(self, asked: Asked) -> Reply:
        """What it says to a request."""
        with self.changed:
            number = len(self.asked)
            self.asked.append(asked)
            self.changed.notify_all()
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


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    model: LanguageModel


class _Handler(BaseHTTPRequestHandler):
    server: _Server
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        """Answer."""
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        headers = {name.lower(): value for name, value in self.headers.items()}
        reply = self.server.model.reply(Asked(self.path, headers, body))
        if reply.silent:
            self.server.model.ends.wait(30)
            self.close_connection = True
            return
        self.send_response(reply.status)
        self.send_header("Content-Type", "application/json")
        for name, value in reply.headers.items():
            self.send_header(name, value)
        if reply.endless:
            self.send_header("Connection", "close")
            self.end_headers()
            self._write_without_end()
            return
        self.send_header("Content-Length", str(len(reply.body)))
        self.end_headers()
        self.wfile.write(reply.body)

    def _write_without_end(self) -> None:
        self.close_connection = True
        try:
            while not self.server.model.ends.is_set():
                self.wfile.write(b" " * 65_536)
        except OSError:
            pass  # the client has had enough

    def log_message(self, *_: Any) -> None:
        """Say nothing."""
