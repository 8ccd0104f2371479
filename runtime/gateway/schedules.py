"""Routes of schedules: when definitions are run by themselves."""

from typing import Any

from litestar import Controller, delete, get, post

from runtime.embedding import Runtime
from runtime.gateway.given import PathText, TheRuntime, TheShelf
from runtime.gateway.problem import NotFoundError


class SchedulesController(Controller):
    """``/api/schedules``."""

    path = "/api/schedules"
    tags = ("schedules",)

    @get(summary="List the schedules, the next to fire first", sync_to_thread=True)
    def list_schedules(self, runtime: TheRuntime) -> list[dict[str, Any]]:
        """With the last run of each."""
        return runtime.schedules()

    @post(
        "/{definition_id:str}",
        status_code=200,
        summary="Set the schedule of a definition",
        sync_to_thread=True,
    )
    def schedule(self, definition_id: PathText, runtime: TheRuntime, shelf: TheShelf) -> dict[str, Any]:
        """As its ``schedule`` says; answered with the time of the next run."""
        next_at = runtime.schedule(shelf.get(definition_id).definition)
        return {"id": definition_id, "next_at": next_at}

    @post("/{definition_id:str}/pause", status_code=200, summary="Let it not fire", sync_to_thread=True)
    def pause(self, definition_id: PathText, runtime: TheRuntime) -> dict[str, Any]:
        """Until it is resumed."""
        _existing(runtime, definition_id)
        return {"id": definition_id, "paused": True, "changed": runtime.pause_schedule(definition_id)}

    @post("/{definition_id:str}/resume", status_code=200, summary="Let it fire again", sync_to_thread=True)
    def resume(self, definition_id: PathText, runtime: TheRuntime) -> dict[str, Any]:
        """From its next time on."""
        _existing(runtime, definition_id)
        return {"id": definition_id, "paused": False, "changed": runtime.resume_schedule(definition_id)}

    @delete("/{definition_id:str}", status_code=204, summary="Forget a schedule", sync_to_thread=True)
    def unschedule(self, definition_id: PathText, runtime: TheRuntime) -> None:
        """Its runs go on."""
        _existing(runtime, definition_id)
        runtime.unschedule(definition_id)


def _existing(runtime: Runtime, definition_id: str) -> None:
    if not any(each["id"] == definition_id for each in runtime.schedules()):
        raise NotFoundError(f"there is no schedule of {definition_id!r:.200}")
