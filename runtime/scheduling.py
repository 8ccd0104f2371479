"""Schedules as a service sets them, for threads and for asyncio. Acknowledged when durable."""

import asyncio
from abc import abstractmethod
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from actors.job import JobDefinition
from actors.messages import PauseSchedule, ResumeSchedule, ScheduleAcknowledged, ScheduleRuns, Unschedule
from runtime.definitions.schedule import schedule_problem, time_zone_problem
from runtime.operating import Operator, refused
from runtime.refusal import RefusedError
from runtime.store.reading.reader import StoreReader


class Timetable(Operator):
    """When definitions are submitted by themselves; a ``Runtime`` is one.

    A schedule belongs to the store, not to the runtime that set it: whichever runtime is up fires it, once.
    """

    @property
    @abstractmethod
    def reader(self) -> StoreReader:
        """Reads the store."""

    @abstractmethod
    def _together(self, definition: JobDefinition | str | Path) -> tuple[JobDefinition, ...]:
        """The definition with those it links, admitted."""

    def schedule(self, definition: JobDefinition | str | Path) -> int:
        """Submit the definition whenever its ``schedule`` fires, from now on; in place of an older one of its id.

        It is kept as it is now, with all that its pre_jobs and post_jobs name.

        Args:
            definition: the definition, the path of its file, or the id under which the runtime knows it.

        Returns:
            When it fires next, Unix milliseconds; later, if an operator has paused it.

        Raises:
            DefinitionError: the definition's file is wrong.
            RefusedError: it can not be run here, or has no schedule that can fire.
        """
        return _next_at(self._ask(schedule_request(self._together(definition))))

    async def schedule_async(self, definition: JobDefinition | str | Path) -> int:
        """``schedule`` for asyncio."""
        return _next_at(await self._ask_async(schedule_request(self._together(definition))))

    def unschedule(self, definition_id: str) -> bool:
        """Forget the schedule of a definition; its runs go on. Returns whether there was one.

        One from the directory of definitions is set again at the next start; ``pause_schedule`` lasts.
        """
        return _acknowledged(self._ask(Unschedule(definition_id))).changed

    async def unschedule_async(self, definition_id: str) -> bool:
        """``unschedule`` for asyncio."""
        return _acknowledged(await self._ask_async(Unschedule(definition_id))).changed

    def pause_schedule(self, definition_id: str) -> bool:
        """Let a schedule not fire until it is resumed, also if it is set anew. Returns whether that changed anything.

        Raises:
            RefusedError: there is no such schedule.
        """
        return _acknowledged(self._ask(PauseSchedule(definition_id))).changed

    async def pause_schedule_async(self, definition_id: str) -> bool:
        """``pause_schedule`` for asyncio."""
        return _acknowledged(await self._ask_async(PauseSchedule(definition_id))).changed

    def resume_schedule(self, definition_id: str) -> bool:
        """Let a schedule fire again, from its next time on. Returns whether that changed anything.

        Raises:
            RefusedError: there is no such schedule, or it can not fire.
        """
        return _acknowledged(self._ask(ResumeSchedule(definition_id))).changed

    async def resume_schedule_async(self, definition_id: str) -> bool:
        """``resume_schedule`` for asyncio."""
        return _acknowledged(await self._ask_async(ResumeSchedule(definition_id))).changed

    def schedules(self) -> list[dict[str, Any]]:
        """All schedules of the store as JSON objects, the next to fire first."""
        return self.reader.schedules()

    async def schedules_async(self) -> list[dict[str, Any]]:
        """``schedules`` for asyncio."""
        return await asyncio.to_thread(self.schedules)


def schedule_request(together: Sequence[JobDefinition], origin: str = "") -> ScheduleRuns:
    """The request to set the schedule of the first definition. Pure, but for the host's time zone files.

    Args:
        together: it, and after it those that run before or after it.
        origin: the directory of definitions it is from, if it is from one.

    Raises:
        RefusedError: it has no schedule, or none that can fire.
    """
    first = together[0]
    if not first.schedule:
        raise RefusedError(
            f'definition {first.id!r} has no schedule; give it one, as in schedule = "0 3 * * *"'
        )
    for field, problem in (
        ("schedule", schedule_problem(first.schedule)),
        ("time_zone", time_zone_problem(first.time_zone) if first.time_zone else None),
    ):
        if problem is not None:
            raise RefusedError(f"definition {first.id!r}: {field} {problem[0]}; {problem[1]}")
    return ScheduleRuns(tuple(together), origin)


def _acknowledged(reply: Any) -> ScheduleAcknowledged:
    if isinstance(reply, ScheduleAcknowledged):
        return reply
    raise refused(reply)


def _next_at(reply: Any) -> int:
    return _acknowledged(reply).next_at_ms or 0
