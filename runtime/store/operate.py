"""Which verb answers which request of an operator: of runs, steps, jobs, schedules, auth records, webhooks."""

from typing import Any

from actors.messages import (
    AdoptDefinitions,
    AdoptWebhooks,
    AuthRecordAcknowledged,
    CancelAcknowledged,
    CancelJob,
    CopyProgress,
    DeleteAcknowledged,
    DeleteJob,
    DisableWebhook,
    EnableWebhook,
    KeyTaken,
    PauseAcknowledged,
    PauseJob,
    PauseSchedule,
    PauseType,
    Refused,
    RemoveAuthRecord,
    RemoveWebhook,
    RerunGoesOn,
    RerunJob,
    ResumeJob,
    ResumeSchedule,
    ResumeType,
    RetryAcknowledged,
    RetryJob,
    SaveAuthRecord,
    ScheduleRuns,
    SetWebhook,
    Submitted,
    TypePauseAcknowledged,
    Unschedule,
)
from runtime.store.timetable import answer_about_schedules
from runtime.store.transaction import Transaction
from runtime.store.verbs.auth_record import remove_record, save_record
from runtime.store.verbs.cancel import UnknownJobError, cancel
from runtime.store.verbs.copying import UnrepeatableError
from runtime.store.verbs.delete import NotEndedError, delete, is_deleted
from runtime.store.verbs.pause import Paused, pause, resume
from runtime.store.verbs.pause_type import pause_type, resume_type
from runtime.store.verbs.rerun import forget_copy, rerun
from runtime.store.verbs.retry import NotRetriableError, retry
from runtime.store.verbs.submit import SubmitKeyTakenError
from runtime.store.verbs.webhook import answer_about_webhooks


def operate(transaction: Transaction, request: Any) -> Any:
    """Do what the operator asks; returns the reply.

    Raises:
        TypeError: it is no request to the store.
    """
    try:
        job_id = getattr(request, "job_id", None)
        if job_id is not None and is_deleted(transaction, job_id):
            raise UnknownJobError(job_id)
        return _operate(transaction, request)
    except UnknownJobError:
        return Refused("there is no such job", "`quaero jobs` lists them")
    except NotEndedError as error:
        return Refused(str(error), "cancel it first, or wait for its end")
    except NotRetriableError as error:
        return Refused(str(error), error.hint)


def _operate(transaction: Transaction, request: Any) -> Any:
    match request:
        case CancelJob():
            return CancelAcknowledged(request.job_id, *cancel(transaction, request.job_id, request.reason))
        case DeleteJob():
            return DeleteAcknowledged(request.job_id, delete(transaction, request.job_id))
        case PauseJob() | ResumeJob():
            changed = pause if isinstance(request, PauseJob) else resume
            return _acknowledged(request.job_id, changed(transaction, request.job_id))
        case RetryJob():
            done = retry(transaction, request.job_id, failed_only=request.failed_only)
            return RetryAcknowledged(request.job_id, done.run_id, done.jobs, done.state)
        case RerunJob():
            return _made_again(transaction, request)
        case PauseType() | ResumeType():
            change = pause_type if isinstance(request, PauseType) else resume_type
            return TypePauseAcknowledged(request.type, change(transaction, request.type))
        case ScheduleRuns() | Unschedule() | PauseSchedule() | ResumeSchedule() | AdoptDefinitions():
            return answer_about_schedules(transaction, request)
        case _:
            return _answer_about_names(transaction, request)


def _answer_about_names(transaction: Transaction, request: Any) -> Any:
    """What has a name rather than an id: auth records and webhooks."""
    match request:
        case SetWebhook() | RemoveWebhook() | EnableWebhook() | DisableWebhook() | AdoptWebhooks():
            return answer_about_webhooks(transaction, request)
        case SaveAuthRecord():
            before = save_record(transaction, request.id, request.site, request.sealed)
        case RemoveAuthRecord():
            before = remove_record(transaction, request.id)
        case _:
            raise TypeError(f"the store does not know {type(request).__name__}")
    return AuthRecordAcknowledged(request.id, before)


def _made_again(transaction: Transaction, request: RerunJob) -> Submitted | RerunGoesOn | KeyTaken | Refused:
    try:
        made = rerun(transaction, request)
    except SubmitKeyTakenError as error:
        return KeyTaken(error.key, error.run_id)
    except UnrepeatableError as error:
        forget_copy(transaction, request.run_id)
        return Refused(str(error), "what it asked for is not known any more: submit it anew")
    except UnknownJobError:
        forget_copy(transaction, request.run_id)
        raise
    return RerunGoesOn(made) if isinstance(made, CopyProgress) else Submitted(*made)


def _acknowledged(job_id: int, done: Paused) -> PauseAcknowledged:
    return PauseAcknowledged(job_id, done.changed, done.state, done.held)
