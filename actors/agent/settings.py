"""``[workers.agent]``: what does the work, and for a language model its endpoint, key, limits and prices."""

from typing import Annotated, Literal
from urllib.parse import urlsplit

import msgspec
from msgspec import Meta

from actors.settings import Secret, is_placeholder

BASE_URLS = {
    "openai": "https://api.openai.com/v1",
    "gemini": "https://generativelanguage.googleapis.com/v1beta",
}
MODELS = {"openai": "gpt-4o-mini", "gemini": "gemini-2.0-flash"}


class AgentSettings(msgspec.Struct, frozen=True, kw_only=True):
    """``[workers.agent]``: what does the work. All but ``backend`` and ``max_characters`` is of language models."""

    backend: Literal["embedded", "openai", "gemini"] = "embedded"
    """`embedded`: libraries here, offline; `openai`: any endpoint with `/chat/completions`; `gemini`: Google's API."""
    base_url: str = ""
    """The endpoint up to `/chat/completions` or `/models/…`; empty = OpenAI's or Google's own."""
    api_key: Secret = Secret()
    """The key, secret; `api_key_file` names a file that holds it. A {placeholder} counts as none."""
    requires_key: bool = True
    """Whether the endpoint wants a key; one on this machine may not."""
    model: str = ""
    """The model; empty = gpt-4o-mini or gemini-2.0-flash."""
    structured: Literal["schema", "json", "text"] = "schema"
    """How an answer's form is asked for: JSON Schema, JSON mode, or words only, for endpoints without these."""
    temperature: Annotated[float, Meta(ge=0, le=2)] | None = 0.3
    """How freely the model answers."""
    max_output_tokens: Annotated[int, Meta(ge=16, le=1_000_000)] = 2048
    """Tokens of an answer, at most."""
    requests_per_minute: Annotated[float, Meta(ge=0, le=1_000_000)] = 60
    """Jobs that begin within a minute, over all runs and runtimes on the store; 0 = no limit."""
    request_timeout_seconds: Annotated[float, Meta(gt=0, le=86_400)] = 120
    """Time for one request."""
    max_response_bytes: Annotated[int, Meta(ge=1024, le=100_000_000)] = 1_048_576
    """A longer response is refused."""
    max_characters: Annotated[int, Meta(ge=100, le=10_000_000)] = 100_000
    """Characters of a document that are looked at, the first ones."""
    input_price: Annotated[float, Meta(ge=0)] = 0.0
    """What a million prompt tokens cost, in whatever currency; 0 = costs are not recorded."""
    output_price: Annotated[float, Meta(ge=0)] = 0.0
    """What a million tokens of answers cost."""

    def __post_init__(self) -> None:
        parts = urlsplit(self.base_url)
        if self.base_url and not (parts.scheme in {"http", "https"} and parts.hostname and not parts.query):
            raise ValueError(
                f"base_url must be http://host/path or https://host/path, got {self.base_url[:200]!r}"
            )

    @property
    def endpoint(self) -> str:
        """The base URL in force, without a slash at its end; "" for the embedded back end."""
        return (self.base_url or BASE_URLS.get(self.backend, "")).rstrip("/")

    @property
    def key(self) -> Secret:
        """The key, empty if there is none: a placeholder that nothing has filled is none."""
        return Secret() if is_placeholder(self.api_key.reveal()) else self.api_key

    def model_in_force(self, wanted: str = "") -> str:
        """The model to ask; ``wanted`` is the step's."""
        return wanted or self.model or MODELS.get(self.backend, "")

    @property
    def rate_key(self) -> str:
        """Jobs of one endpoint share it; "" = they are not limited."""
        limited = self.backend != "embedded" and self.requests_per_minute > 0
        return f"llm {urlsplit(self.endpoint).netloc.rpartition('@')[2].lower()}" if limited else ""

    @property
    def rate_ms(self) -> int:
        """The least time from one job's start to the next one's."""
        return round(60_000 / self.requests_per_minute) if self.rate_key else 0
