"""What a test sees of the store: jobs, documents and log lines as values with types."""

from typing import Any

import msgspec

from actors.ids import parse_id
from actors.job import Counts, JobState


class SeenJob(msgspec.Struct, frozen=True, kw_only=True):
    """A run, a step or a job, as it is in the store. Times are Unix milliseconds."""

    id: str
    parent_id: str | None
    root_id: str
    kind: str
    type: str
    name: str
    state: JobState
    attempt: int
    max_attempts: int
    created_at: int
    payload: Any
    result: Any = None
    error: str | None = None
    errors: list[dict[str, Any]] = []
    started_at: int | None = None
    finished_at: int | None = None
    not_before: int | None = None
    depth: int = 0
    lost: int = 0
    epoch: int = 0
    paused: bool = False
    counts: Counts | None = None  # of a run or a step

    @property
    def number(self) -> int:
        """The id as a number."""
        return parse_id(self.id)

    def line(self) -> str:
        """The job in one line."""
        attempt = f" attempt {self.attempt}/{self.max_attempts}" if self.attempt else ""
        error = f" {self.error}" if self.error else ""
        return f"{self.id} {self.type} {self.state}{attempt} {payload_text(self.payload)}{error}"


class SeenDocument(msgspec.Struct, frozen=True, kw_only=True):
    """A document, as it is in the store."""

    id: str
    source_type: str
    title: str
    body: str
    url: str | None = None
    tags: list[str] = []
    metadata: dict[str, Any] = {}
    run_id: str | None = None
    job_id: str | None = None


class SeenLine(msgspec.Struct, frozen=True, kw_only=True):
    """A line of a job's log."""

    job_id: str
    level: str
    text: str
    time: int


def has(payload: Any, wanted: Any) -> bool:
    """Whether a payload, decoded JSON, has what is wanted: of a dict all its keys, of anything else the whole."""
    if isinstance(wanted, msgspec.Struct):
        return bool(payload == msgspec.json.decode(msgspec.json.encode(wanted)))
    if isinstance(wanted, dict) and isinstance(payload, dict):
        return all(key in payload and has(payload[key], value) for key, value in wanted.items())
    return bool(payload == msgspec.to_builtins(wanted))


def payload_text(payload: Any) -> str:
    """The payload as JSON, cut where it gets long."""
    text = msgspec.json.encode(payload).decode()
    return text if len(text) <= 200 else f"{text[:200]}…"
