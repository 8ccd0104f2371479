"""One request to a service of somebody else, bounded in time and size; what went wrong as errors that a job can end in.

What passes with time is a ``RetryableError``, with the time that the service asks to wait; what does not is a
``PermanentError`` that says what to do. Redirects are not followed: they would carry a key to wherever they lead.
"""

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

import msgspec

from actors.seams import Clock
from actors.settings import Secret
from actors.worker.crawler.retry_after import may_pass, retry_after_seconds
from actors.worker.errors import PermanentError, RetryableError

CONNECT_SECONDS = 10.0
MAX_WORDS = 500
"""Characters shown of what a service says of its error."""


class Request(msgspec.Struct, frozen=True):
    """What is asked. ``service`` is what messages call it: "the language model"."""

    service: str
    method: str
    url: str
    headers: dict[str, str] = {}
    parameters: dict[str, str] = {}
    body: bytes | None = None
    timeout_seconds: float = 60.0
    max_bytes: int = 1_048_576
    secret: Secret = Secret()  # never shown in what is said of the request

    @property
    def subject(self) -> str:
        """The service as messages name it, with its host."""
        return f"{self.service} at {urlsplit(self.url).netloc.rpartition('@')[2]}"


class Response(msgspec.Struct, frozen=True):
    """What was answered, whatever the status."""

    status: int
    body: bytes
    retry_after_seconds: float | None = None
    location: str = ""


async def exchange(request: Request, clock: Clock) -> Response:
    """Send the request and read the answer.

    Raises:
        RetryableError: there was no answer, or none in time.
        PermanentError: the answer is longer than allowed, or the URL is none.
    """
    import aiohttp

    seconds = request.timeout_seconds
    timeout = aiohttp.ClientTimeout(total=seconds, sock_connect=min(CONNECT_SECONDS, seconds))
    try:
        async with (
            aiohttp.ClientSession(timeout=timeout, cookie_jar=aiohttp.DummyCookieJar()) as session,
            session.request(
                request.method,
                request.url,
                headers={"Accept": "application/json", **request.headers},
                params=request.parameters or None,
                data=request.body,
                allow_redirects=False,
            ) as response,
        ):
            body = await _read(response.content, request)
            asked = retry_after_seconds(response.headers.get("Retry-After"), clock.wall_ms())
            return Response(response.status, body, asked, response.headers.get("Location", ""))
    except TimeoutError as error:
        raise RetryableError(f"{request.subject} did not answer within {seconds:g} s") from error
    except aiohttp.InvalidURL as error:
        raise PermanentError(
            f"{request.subject} can not be asked: {request.url[:200]!r} is no URL"
        ) from error
    except (aiohttp.ClientError, OSError, ValueError) as error:
        said = request.secret.hidden_in(str(error) or type(error).__name__)[:MAX_WORDS]
        raise RetryableError(
            f"{request.subject} can not be asked: {said}"
        ) from None  # the cause may show the key


def refusal(
    request: Request,
    response: Response,
    said: str,
    *,
    advice: Mapping[int, str],
    retry_after: float | None = None,
) -> Exception:
    """The error that a status other than 2xx is.

    Args:
        request: what was asked.
        response: what was answered.
        said: the service's own words.
        advice: what to do, by status.
        retry_after: seconds the service asks to wait, where it says so elsewhere than in the header.
    """
    words = request.secret.hidden_in(" ".join(said.split()))[:MAX_WORDS]
    text = f"{request.subject} answered {response.status}"
    if 300 <= response.status < 400:
        return PermanentError(
            f"{text}: it has moved to {response.location[:200]}; set base_url to where it is now"
        )
    text += f": {words}" if words else ""
    if may_pass(response.status):
        wait = response.retry_after_seconds if response.retry_after_seconds is not None else retry_after
        return RetryableError(text, retry_after_seconds=wait)
    hint = advice.get(response.status, "")
    return PermanentError(f"{text}; {hint}" if hint else text)


def decoded(request: Request, response: Response, wanted: Any) -> Any:
    """The answer's JSON as a type.

    Raises:
        RetryableError: it is none.
    """
    try:
        return msgspec.json.decode(response.body, type=wanted)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise RetryableError(f"{request.subject} answered with what is not its format: {error}") from None


async def _read(content: Any, request: Request) -> bytes:
    kept = bytearray()
    async for chunk in content.iter_any():
        kept += chunk
        if len(kept) > request.max_bytes:
            raise PermanentError(f"{request.subject} answered with more than {request.max_bytes} bytes")
    return bytes(kept)
