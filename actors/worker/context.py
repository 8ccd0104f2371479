"""JobContext: what a running body has of the runtime.

Everything it records (children, documents, patches, log lines) stays in this value until the body has ended, and is
committed with the outcome, in one transaction. Of an attempt that failed, the log lines are committed and the children
that it spawned ``even_if_failed``; nothing else.
"""

from collections.abc import Callable, Sequence
from threading import Lock
from typing import Any, Protocol, TypeVar

import msgspec

from actors.documents import MAX_BODY_BYTES, DocumentPatch, DocumentSource, DocumentSpec
from actors.job import ChildSpec, LeasedJob, LogLevel, LogLine, Step
from actors.seams import Clock
from actors.storable import storable
from actors.worker.errors import DocumentTooLargeError, JobCancelledError, PermanentError

_first_use = Lock()  # see JobWorker.prepare: a step's configuration is small, and converted once per attempt
Config = TypeVar("Config", bound=msgspec.Struct)
OwnSettings = TypeVar("OwnSettings", bound=msgspec.Struct)
Item = TypeVar("Item")

MAX_LOG_LINES = 10_000
"""Log lines kept of one attempt; further ones are counted in a last line."""


class OfOneType(Protocol):
    """What does the jobs of one type: a ``JobWorker``."""

    worker_type: str


class JobSpawner(Protocol):
    """What can make child jobs: the context of a running job."""

    def spawn_child_job(
        self,
        job_type: str | OfOneType,
        payload: msgspec.Struct,
        *,
        name: str | None = None,
        unique_key: str | None = None,
        depth: int | None = None,
        priority: int = 0,
        rate_key: str = "",
        rate_ms: int = 0,
        delay_seconds: float = 0.0,
        max_attempts: int = 0,
        backoff_seconds: float = 0.0,
        even_if_failed: bool = False,
        in_place: bool = False,
    ) -> None:
        """Add a job to the step this one belongs to; it exists from the commit of this job's outcome on.

        Args:
            job_type: the worker that is to do it, or its type.
            payload: the worker type's payload.
            name: what people see; None = the type.
            unique_key: a second job of the step with this key is ignored.
            depth: distance from the step's first jobs; None = this job's depth + 1. Smaller ones run first.
            priority: smaller ones run first, before depth.
            rate_key: jobs with one key start at least ``rate_ms`` apart, whichever run they belong to.
            rate_ms: see ``rate_key``.
            delay_seconds: not before this time from now.
            max_attempts: 0 = the worker type's own.
            backoff_seconds: wait before the second attempt; 0 = the worker type's own.
            even_if_failed: it exists also if this attempt fails, be it followed by another or not. Without a unique
                key it gets one of this job and its place among those the attempt spawned, so a repeated attempt that
                spawns the same makes no second one.
            in_place: it does what this job was to do: the two count as one for the step's ``max_children``.
        """
        ...


class JobContext:
    """What a running body has of the runtime. One per attempt; used by the body's thread or task only."""

    # Most jobs leave only a result: the lists are made when something is put into them.
    children: Sequence[ChildSpec] = ()
    documents: Sequence[DocumentSpec] = ()
    patches: Sequence[DocumentPatch] = ()
    logs: Sequence[LogLine] = ()
    _cancelled = False
    _abandoned = False
    _tell: Callable[[], None] | None = None  # of a body in another process
    _kill: Callable[[], None] | None = None
    _dropped_lines = 0
    trace_context: str | None = None
    """The attempt's W3C ``traceparent``, to be passed on to other services; None where runs are not traced."""

    def __init__(
        self,
        job: LeasedJob,
        step: Step,
        tags: tuple[str, ...],
        clock: Clock,
        resource: Callable[[str], Any],
    ) -> None:
        self.job = job
        self.step = step
        self.tags = tags
        self.clock = clock
        self.resource = resource  # resource("fetcher") and whatever the runtime was given under a name

    def __repr__(self) -> str:
        return f"<JobContext(job={self.job.id}, type={self.job.type!r}, attempt={self.job.attempt})>"

    @property
    def cancelled(self) -> bool:
        """Whether the attempt is to end: a body that runs long looks at this now and then."""
        return self._cancelled

    def raise_if_cancelled(self) -> None:
        """Raise ``JobCancelledError`` if the attempt is to end."""
        if self._cancelled:
            raise JobCancelledError("the job is being cancelled")

    def mark_cancelled(self) -> None:
        """Called by the worker's actor; safe from any thread."""
        self._cancelled = True
        if self._tell is not None:
            self._tell()

    def mark_abandoned(self) -> None:
        """Called by the worker's actor when nobody waits for the body any more: one in another process is ended."""
        self._abandoned = True
        if self._kill is not None:
            self._kill()

    def carry(self, tell: Callable[[], None] | None, kill: Callable[[], None] | None) -> None:
        """Called by who runs the body in another process: how it is told to end, and how it is ended.

        What was said before is passed on; both may be called twice.
        """
        self._tell, self._kill = tell, kill
        if tell is not None and self._cancelled:
            tell()
        if kill is not None and self._abandoned:
            kill()

    @property
    def idempotency_key(self) -> str:
        """The same for every attempt of this job: pass it on to services that know such keys."""
        return f"quaero-{self.job.id}"

    def config(self, config_type: type[Config]) -> Config:
        """The step's configuration as that type; unknown keys are ignored, they were warned of at load.

        Raises:
            PermanentError: the step's configuration does not decode.
        """
        try:
            with _first_use:
                return msgspec.convert(self.step.config, config_type, strict=True)
        except msgspec.ValidationError as error:
            raise PermanentError(f"step {self.step.name!r}: {error}") from error

    def settings(self, settings_type: type[OwnSettings]) -> OwnSettings:
        """This runtime's settings of the job's worker: ``[workers.<type>]`` as the worker's ``settings_type``.

        Raises:
            TypeError: that is not the worker's ``settings_type``.
        """
        return self.resource("settings").worker(self.job.type, settings_type)  # type: ignore[no-any-return]

    def spawn_child_job(
        self,
        job_type: str | OfOneType,
        payload: msgspec.Struct,
        *,
        name: str | None = None,
        unique_key: str | None = None,
        depth: int | None = None,
        priority: int = 0,
        rate_key: str = "",
        rate_ms: int = 0,
        delay_seconds: float = 0.0,
        max_attempts: int = 0,
        backoff_seconds: float = 0.0,
        even_if_failed: bool = False,
        in_place: bool = False,
    ) -> None:
        """See ``JobSpawner``."""
        if even_if_failed and unique_key is None:
            unique_key = f"{self.job.id}/{len(self.children)}"
        child = ChildSpec(
            type=job_type if isinstance(job_type, str) else job_type.worker_type,
            payload=msgspec.json.encode(payload).decode(),
            name=name,
            unique_key=unique_key,
            depth=self.job.depth + 1 if depth is None else depth,
            priority=priority,
            rate_key=rate_key,
            rate_ms=rate_ms,
            delay_ms=round(delay_seconds * 1000),
            max_attempts=max_attempts,
            backoff_ms=round(backoff_seconds * 1000),
            even_if_failed=even_if_failed,
            in_place=in_place,
        )
        self.children = _with(self.children, child)

    def kept_children(self) -> tuple[ChildSpec, ...]:
        """The children that are made also if the attempt fails."""
        return tuple(child for child in self.children if child.even_if_failed)

    def save_document(self, document: DocumentSpec) -> None:
        """Save a document with the outcome; (source_type, source_id) of an earlier one updates that.

        Raises:
            DocumentTooLargeError: its body is longer than ``MAX_BODY_BYTES``.
        """
        body = document.body or ""
        if len(body) > MAX_BODY_BYTES // 4 and len(body.encode("utf-8", "replace")) > MAX_BODY_BYTES:
            raise DocumentTooLargeError(
                f"the body of document {document.source_type} {document.source_id[:200]!r} is longer than"
                f" {MAX_BODY_BYTES} bytes: cut it, or save it as several documents"
            )
        self.documents = _with(self.documents, document)

    def patch_document(self, document_id: int, metadata: dict[str, Any]) -> None:
        """Change a stored document's metadata with the outcome; its text, and what counts as saved, stay as they are.

        Each key's value takes the place of the old one, None removes the key, other keys stay. A document that is
        there no more by then is left out, with a line in the job's log.
        """
        self.patches = _with(self.patches, DocumentPatch(document_id, metadata))

    @property
    def stored_documents(self) -> DocumentSource:
        """The documents in the store, as the last commit has them: what this attempt saves is not among them yet."""
        source: DocumentSource = self.resource("documents")
        return source

    def log(self, level: LogLevel, text: str) -> None:
        """Add a line to the job's log; kept also when the attempt fails."""
        if len(self.logs) < MAX_LOG_LINES:
            self.logs = _with(self.logs, LogLine(self.clock.wall_ms(), level, storable(str(text))))
        else:
            self._dropped_lines += 1

    def debug(self, text: str) -> None:
        """Log at level debug."""
        self.log(LogLevel.DEBUG, text)

    def info(self, text: str) -> None:
        """Log at level info."""
        self.log(LogLevel.INFO, text)

    def warning(self, text: str) -> None:
        """Log at level warning."""
        self.log(LogLevel.WARNING, text)

    def error(self, text: str) -> None:
        """Log at level error."""
        self.log(LogLevel.ERROR, text)

    def log_lines(self) -> tuple[LogLine, ...]:
        """All lines, with a last one that counts those beyond the limit."""
        if not self._dropped_lines:
            return tuple(self.logs)
        text = f"{self._dropped_lines} more log lines were dropped: an attempt keeps {MAX_LOG_LINES}"
        return (*self.logs, LogLine(self.clock.wall_ms(), LogLevel.WARNING, text))


def _with(items: Sequence[Item], item: Item) -> Sequence[Item]:
    """The list with one more; the first one makes it."""
    if isinstance(items, list):
        items.append(item)
        return items
    return [item]
