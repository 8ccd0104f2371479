"""Asks a store to pause and to resume, as an operator does."""

from actors.messages import PauseAcknowledged, PauseJob, ResumeJob
from tests.store.driver import StoreDriver


def paused(store: StoreDriver, job_id: int) -> PauseAcknowledged:
    reply = store.commit(PauseJob(job_id)).replies[0]
    assert isinstance(reply, PauseAcknowledged)
    return reply


def resumed(store: StoreDriver, job_id: int) -> PauseAcknowledged:
    reply = store.commit(ResumeJob(job_id)).replies[0]
    assert isinstance(reply, PauseAcknowledged)
    return reply
