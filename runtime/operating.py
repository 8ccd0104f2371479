"""The operator's verbs as a service calls them, for threads and for asyncio. Acknowledged when durable."""

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Any

import msgspec

from actors.ids import UnknownIdError, parse_id
from actors.messages import (
    CancelAcknowledged,
    CancelJob,
    DeleteAcknowledged,
    DeleteJob,
    KeyTaken,
    PauseAcknowledged,
    PauseJob,
    PauseType,
    Refused,
    RerunGoesOn,
    RerunJob,
    ResumeJob,
    ResumeType,
    RetryAcknowledged,
    RetryJob,
    Submitted,
    TypePauseAcknowledged,
)
from runtime.admission import admitted_key
from runtime.fingerprint import of_rerun
from runtime.refusal import KeyTakenError, RefusedError

if TYPE_CHECKING:
    from runtime.run import Run


def identity(job_id: int | str) -> int:
    """The number of a run, a step or a job that is given as a number or as the text that people see.

    Raises:
        UnknownIdError: it is no id.
    """
    given: Any = job_id
    if isinstance(given, str):
        return parse_id(given)
    if not isinstance(given, int) or given.bit_length() > 63:
        raise UnknownIdError(f"{given!r:.40} is not a job id; give its text, as `quaero jobs` shows it")
    return given


def changed(reply: Any) -> bool:
    """Whether an acknowledged verb changed anything.

    Raises:
        RefusedError: the store refused it.
    """
    if isinstance(reply, CancelAcknowledged | PauseAcknowledged | TypePauseAcknowledged):
        return reply.changed
    raise refused(reply)


def retried(reply: Any) -> int:
    """How many jobs a retry has opened again.

    Raises:
        RefusedError: the store refused it.
    """
    if isinstance(reply, RetryAcknowledged):
        return reply.jobs
    raise refused(reply)


def going_on(request: RerunJob, reply: Any) -> RerunJob | None:
    """What to ask next for a new run of which not all children are copied yet; None if that was all."""
    if isinstance(reply, RerunGoesOn):
        return msgspec.structs.replace(request, progress=reply.progress)
    return None


def made_again(reply: Any) -> int:
    """The id of the new run.

    Raises:
        KeyTakenError: its submit key is another request's.
        RefusedError: the store refused it.
    """
    if isinstance(reply, Submitted):
        return reply.run_id
    if isinstance(reply, KeyTaken):
        raise KeyTakenError(reply.key, reply.run_id)
    raise refused(reply)


def refused(reply: Any) -> RefusedError:
    """The error for an answer that is no acknowledgement, with what to do."""
    if isinstance(reply, Refused):
        return RefusedError(f"{reply.message}; {reply.hint}" if reply.hint else reply.message)
    return RefusedError(f"the store answered {type(reply).__name__}")


class Operator(ABC):
    """What may be done to runs, steps and jobs that are in the store; a ``Runtime`` is one.

    Every verb takes the id of a run, a step or a job as a number or as its text, and reaches all below it.
    """

    @abstractmethod
    def _ask(self, request: Any) -> Any:
        """Ask the store; returns its answer once it is durable."""

    @abstractmethod
    def _new_id(self) -> int:
        """An id for a run."""

    @abstractmethod
    def run(self, run_id: int | str) -> "Run":
        """The handle of a run."""

    @abstractmethod
    async def _ask_async(self, request: Any) -> Any:
        """``_ask`` for asyncio."""

    def cancel(self, job_id: int | str, reason: str = "") -> bool:
        """Cancel a run, a step or a job with all below it; from the return on nothing of it starts.

        Returns whether that changed anything.

        Raises:
            RefusedError: there is no such job.
        """
        return changed(self._ask(CancelJob(identity(job_id), reason)))

    async def cancel_async(self, job_id: int | str, reason: str = "") -> bool:
        """``cancel`` for asyncio."""
        return changed(await self._ask_async(CancelJob(identity(job_id), reason)))

    def pause(self, job_id: int | str) -> bool:
        """Start nothing new of a run, a step or a job from the return on; what runs goes on, and so do time limits.

        Returns whether that changed anything: what is paused already, closing or ended stays as it is.

        Raises:
            RefusedError: there is no such job.
        """
        return changed(self._ask(PauseJob(identity(job_id))))

    async def pause_async(self, job_id: int | str) -> bool:
        """``pause`` for asyncio."""
        return changed(await self._ask_async(PauseJob(identity(job_id))))

    def resume(self, job_id: int | str) -> bool:
        """Take a ``pause`` back; a step that was paused by itself stays so when its run is resumed.

        Returns whether that changed anything.

        Raises:
            RefusedError: there is no such job.
        """
        return changed(self._ask(ResumeJob(identity(job_id))))

    async def resume_async(self, job_id: int | str) -> bool:
        """``resume`` for asyncio."""
        return changed(await self._ask_async(ResumeJob(identity(job_id))))

    def retry(self, job_id: int | str, *, failed_only: bool = False) -> int:
        """Open what failed or was cancelled of an ended run, or of a step or job of one, again.

        Attempts, time limits and error tolerance are counted anew; what completed is not run again. Steps that the
        failure cancelled, or whose children were not all named, go on. ``Run.wait`` waits for the new end.

        Args:
            job_id: a run, a step or a job.
            failed_only: what was cancelled stays so.

        Returns:
            How many jobs wait again.

        Raises:
            RefusedError: there is no such job, its run has not ended, or there is nothing to retry.
        """
        return retried(self._ask(RetryJob(identity(job_id), failed_only)))

    async def retry_async(self, job_id: int | str, *, failed_only: bool = False) -> int:
        """``retry`` for asyncio."""
        return retried(await self._ask_async(RetryJob(identity(job_id), failed_only)))

    def rerun(self, job_id: int | str, *, key: str | None = None) -> "Run":
        """Make a new run of what an old one was asked to do; the old one stays as it is, whatever became of it.

        Args:
            job_id: a run: its definition again, with the children of a fan-out and the runs linked with it; a step: a
                run of that one step; a job: a fan-out with that one payload.
            key: as of ``submit``.

        Returns:
            The new run, durable.

        Raises:
            KeyTakenError: the key came with another request before, or with one for another run, step or job.
            RefusedError: there is no such job, or a row of the old run is damaged or deleted; nothing was made.
        """
        request: RerunJob | None = self._rerun(job_id, key)
        reply: Any = None
        while request is not None:
            reply = self._ask(request)
            request = going_on(request, reply)
        return self.run(made_again(reply))

    async def rerun_async(self, job_id: int | str, *, key: str | None = None) -> "Run":
        """``rerun`` for asyncio."""
        request: RerunJob | None = self._rerun(job_id, key)
        reply: Any = None
        while request is not None:
            reply = await self._ask_async(request)
            request = going_on(request, reply)
        return self.run(made_again(reply))

    def _rerun(self, job_id: int | str, key: str | None) -> RerunJob:
        number, key = identity(job_id), admitted_key(key)
        fingerprint = None if key is None else of_rerun(number)
        return RerunJob(number, self._new_id(), submit_key=key, fingerprint=fingerprint)

    def pause_type(self, job_type: str) -> bool:
        """Start no job of this worker type, in any runtime on the store; it stays so until ``resume_type``.

        Returns whether that changed anything.
        """
        return changed(self._ask(PauseType(job_type)))

    async def pause_type_async(self, job_type: str) -> bool:
        """``pause_type`` for asyncio."""
        return changed(await self._ask_async(PauseType(job_type)))

    def resume_type(self, job_type: str) -> bool:
        """Take a ``pause_type`` back. Returns whether that changed anything."""
        return changed(self._ask(ResumeType(job_type)))

    async def resume_type_async(self, job_type: str) -> bool:
        """``resume_type`` for asyncio."""
        return changed(await self._ask_async(ResumeType(job_type)))

    def delete(self, job_id: int | str) -> int:
        """Delete an ended run, or a step or job of one, with all below it; from the return on nobody sees it.

        Its rows go afterwards, a few at a time; the documents it saved stay. A run's submit key is free again.
        Returns how many jobs are deleted.

        Raises:
            RefusedError: there is no such job, or it has not ended.
        """
        return _deleted(self._ask(DeleteJob(identity(job_id))))

    async def delete_async(self, job_id: int | str) -> int:
        """``delete`` for asyncio."""
        return _deleted(await self._ask_async(DeleteJob(identity(job_id))))


def _deleted(reply: Any) -> int:
    if isinstance(reply, DeleteAcknowledged):
        return reply.jobs
    raise refused(reply)
