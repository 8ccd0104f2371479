"""Routes by which an operator acts on runs, steps and jobs. Answered when durable; each reaches all below.

A deletion is in ``jobs``: Litestar wants one class for all methods of a path.
"""

import asyncio
from typing import Any

from litestar import Controller, Response, post
from litestar.params import FromQuery

from actors.ids import id_text, parse_id
from runtime.embedding import Runtime
from runtime.fingerprint import of_rerun
from runtime.gateway.asking import existing, key_of
from runtime.gateway.given import IdempotencyKey, JobId, PathText, TheRuntime
from runtime.gateway.objects import Done, Rerun, Retried
from runtime.gateway.problem import NotFoundError


class OperationsController(Controller):
    """``/api/jobs/{id}/…``."""

    path = "/api/jobs/{job_id:str}"
    tags = ("operations",)

    @post("/cancel", status_code=200, summary="Cancel it with all below", sync_to_thread=True)
    def cancel(self, runtime: TheRuntime, job_id: JobId, reason: FromQuery[str] = "") -> Done:
        """From the answer on nothing of it starts; what runs is told."""
        existing(runtime, job_id)
        changed = runtime.cancel(job_id, reason)
        return _done(job_id, changed, "cancelled", "it had ended or was closing already")

    @post("/pause", status_code=200, summary="Start nothing new of it", sync_to_thread=True)
    def pause(self, runtime: TheRuntime, job_id: JobId) -> Done:
        """What runs goes on."""
        existing(runtime, job_id)
        return _done(job_id, runtime.pause(job_id), "paused", "it is paused already, or has ended")

    @post("/resume", status_code=200, summary="Let it go on", sync_to_thread=True)
    def resume(self, runtime: TheRuntime, job_id: JobId) -> Done:
        """Takes a pause back."""
        existing(runtime, job_id)
        return _done(job_id, runtime.resume(job_id), "resumed", "it was not paused")

    @post("/retry", status_code=200, summary="Open what failed again", sync_to_thread=True)
    def retry(self, runtime: TheRuntime, job_id: JobId, failed_only: FromQuery[bool] = False) -> Retried:
        """What completed is not run again."""
        existing(runtime, job_id)
        jobs = runtime.retry(job_id, failed_only=failed_only)
        return Retried(job_id, jobs, f"{jobs} jobs wait again")

    @post(["/rerun", "/copy"], status_code=201, summary="Make a new run of it")
    async def rerun(self, runtime: TheRuntime, job_id: JobId, key: IdempotencyKey = None) -> Response[Rerun]:
        """The old one stays as it is; the new one is queued like any other."""
        submit_key = key_of(key)
        new = await asyncio.to_thread(_made_before, runtime, job_id, submit_key)
        if new is None:
            new = (await runtime.rerun_async(job_id, key=submit_key)).id
        return Response(Rerun(job_id, new, "a new run was made"), headers={"Location": f"/api/jobs/{new}"})


class TypesController(Controller):
    """``/api/types``."""

    path = "/api/types/{job_type:str}"
    tags = ("operations",)

    @post("/pause", status_code=200, summary="Start no job of this type", sync_to_thread=True)
    def pause(self, runtime: TheRuntime, job_type: PathText) -> dict[str, Any]:
        """In every runtime on the store, until it is resumed."""
        return {"type": job_type, "changed": runtime.pause_type(job_type), "paused": True}

    @post("/resume", status_code=200, summary="Let jobs of this type start again", sync_to_thread=True)
    def resume(self, runtime: TheRuntime, job_type: PathText) -> dict[str, Any]:
        """Takes a pause back."""
        return {"type": job_type, "changed": runtime.resume_type(job_type), "paused": False}


def _made_before(runtime: Runtime, job_id: str, key: str | None) -> str | None:
    """The run that this request made with its key, if what it was made of is deleted by now.

    Raises:
        NotFoundError: there is nothing to make it of, and none was made.
    """
    try:
        existing(runtime, job_id)
    except NotFoundError:
        found = None if key is None else runtime.reader.run_of_request(key, of_rerun(parse_id(job_id)))
        if found is None:
            raise
        return id_text(found)
    return None


def _done(job_id: str, changed: bool, did: str, otherwise: str) -> Done:
    return Done(job_id, changed, did if changed else otherwise)
