"""Which verb answers which request about schedules."""

from typing import Any

from actors.firing import FiringError
from actors.messages import AdoptDefinitions, PauseSchedule, Refused, ResumeSchedule, ScheduleRuns, Unschedule
from runtime.store.transaction import Transaction
from runtime.store.verbs.adopt import adopt
from runtime.store.verbs.schedule import (
    UnknownScheduleError,
    forget_schedule,
    pause_schedule,
    resume_schedule,
    set_schedule,
)

ABOUT_SCHEDULES = ScheduleRuns | Unschedule | PauseSchedule | ResumeSchedule | AdoptDefinitions


def answer_about_schedules(transaction: Transaction, request: ABOUT_SCHEDULES) -> Any:
    """Do what the request asks; returns the reply."""
    try:
        match request:
            case ScheduleRuns():
                return set_schedule(transaction, request)
            case Unschedule():
                return forget_schedule(transaction, request.id)
            case PauseSchedule():
                return pause_schedule(transaction, request.id)
            case ResumeSchedule():
                return resume_schedule(transaction, request.id)
            case AdoptDefinitions():
                return adopt(transaction, request)
    except UnknownScheduleError as error:
        return Refused(f"there is no schedule {error.args[0]!r}", "`quaero schedules` lists them")
    except FiringError as error:
        return Refused(str(error), "")
