"""Performed: what one attempt of a body did, caught instead of recorded."""

from typing import Any

import msgspec

from actors.documents import DocumentPatch, DocumentSpec
from actors.job import (
    Attempt,
    Cancelled,
    ChildSpec,
    Completed,
    Failed,
    LeasedJob,
    LogLevel,
    LogLine,
    Outcome,
    Snoozed,
)
from actors.worker import JobWorker
from runtime.testing.findings import type_of
from runtime.testing.seen import has


class Child(msgspec.Struct, frozen=True):
    """A child job that the body has spawned."""

    type: str
    payload: Any  # decoded JSON
    spec: ChildSpec
    """All that was said of it: ``unique_key``, ``depth``, ``delay_ms``, …"""


class Performed:
    """What one attempt did. Nothing of it is recorded anywhere."""

    def __init__(self, job: LeasedJob, attempt: Attempt, value: Any, error: BaseException | None) -> None:
        self.job = job
        self.outcome: Outcome = attempt.outcome
        """How the attempt ended, as the store would have been told."""
        self.value = value
        """What the body returned, as it is; None if it raised."""
        self.error = error
        """What the body raised, as it is; None if it returned."""
        self.children = tuple(child_of(each) for each in attempt.children)
        self.documents: tuple[DocumentSpec, ...] = attempt.documents
        self.patches: tuple[DocumentPatch, ...] = attempt.patches
        self.logs: tuple[LogLine, ...] = attempt.logs

    def __repr__(self) -> str:
        kind = type(self.outcome).__name__.lower()
        return f"<Performed({self.job.type!r}, {kind}, children={len(self.children)})>"

    @property
    def completed(self) -> bool:
        """Whether the attempt succeeded."""
        return isinstance(self.outcome, Completed)

    @property
    def result(self) -> Any:
        """The result as it would be stored, decoded JSON.

        Raises:
            AssertionError: the attempt did not complete; what the body raised is the cause.
        """
        outcome = self.outcome
        if isinstance(outcome, Completed):
            return None if outcome.result is None else msgspec.json.decode(outcome.result)
        raise AssertionError(f"the attempt did not complete: {self._told()}") from self.error

    @property
    def permanent(self) -> bool:
        """Whether it failed in a way that no further attempt can mend."""
        return isinstance(self.outcome, Failed) and self.outcome.permanent

    @property
    def retry_in_seconds(self) -> float | None:
        """When a failed attempt would be followed by another; None if by none."""
        failed = self.outcome
        last = self.job.attempt >= self.job.max_attempts
        return (
            failed.retry_in_ms / 1000
            if isinstance(failed, Failed) and not failed.permanent and not last
            else None
        )

    @property
    def snoozed_seconds(self) -> float | None:
        """For how long the body wants to be left alone; None if it does not."""
        return self.outcome.delay_ms / 1000 if isinstance(self.outcome, Snoozed) else None

    @property
    def cancel_reason(self) -> str | None:
        """Why the body has cancelled its job; None if it has not."""
        return self.outcome.reason if isinstance(self.outcome, Cancelled) else None

    def log_texts(self, level: LogLevel | str | None = None) -> list[str]:
        """The lines it has logged, or those of one level."""
        return [each.text for each in self.logs if level is None or each.level == level]

    def assert_spawned(
        self, worker: str | JobWorker, payload: Any = None, *, count: int | None = None
    ) -> list[Child]:
        """Assert that it has spawned such children, and return them.

        Args:
            worker: the worker that is to do them, or its type.
            payload: what their payloads have, at least; a dict, or the payload's Struct for the whole of it.
            count: so many exactly; None = at least one.

        Raises:
            AssertionError: it has not; the message lists what it has spawned.
        """
        wanted = type_of(worker)
        found = [
            each
            for each in self.children
            if each.type == wanted and (payload is None or has(each.payload, payload))
        ]
        if len(found) == count or (count is None and found):
            return found
        number = "no child" if count is None else f"{len(found)} children instead of {count}"
        lines = [f"  {each.type} {each.spec.payload}" for each in self.children] or ["  none at all"]
        raise AssertionError(
            "\n".join((f"{number} of type {wanted!r} was spawned as asked; there are:", *lines))
        )

    def _told(self) -> str:
        match self.outcome:
            case Failed(error=error):
                return f"{error.type}: {error.message}"
            case Snoozed():
                return f"it snoozed for {self.snoozed_seconds:g} s"
            case Cancelled(reason=reason):
                return f"it cancelled its job: {reason}"
        return type(self.outcome).__name__


def child_of(spec: ChildSpec) -> Child:
    """The child with its payload decoded."""
    return Child(spec.type, msgspec.json.decode(spec.payload), spec)
