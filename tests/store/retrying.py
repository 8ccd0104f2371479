"""Asks a store for a retry, as an operator does."""

from actors.messages import Refused, RetryAcknowledged, RetryJob
from tests.store.driver import StoreDriver, spec


def retried(store: StoreDriver, job_id: int, *, failed_only: bool = False) -> RetryAcknowledged:
    """What was opened again."""
    reply = store.commit(RetryJob(job_id, failed_only)).replies[0]
    assert isinstance(reply, RetryAcknowledged), reply
    return reply


def refused(store: StoreDriver, job_id: int, *, failed_only: bool = False) -> Refused:
    """Why not; nothing was changed."""
    before = store.value("SELECT event_seq FROM sequence")
    reply = store.commit(RetryJob(job_id, failed_only)).replies[0]
    assert isinstance(reply, Refused), reply
    assert store.value("SELECT event_seq FROM sequence") == before
    return reply


def fail_first(store: StoreDriver) -> None:
    store.name(store.start(), spec())
    store.fail(*store.lease())
