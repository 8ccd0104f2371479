"""Asks a store to make runs again, and looks at what was made."""

from typing import Any

from actors.job import Page, StepStart
from actors.messages import (
    NameChildren,
    Refused,
    RerunGoesOn,
    RerunJob,
    Submitted,
)
from tests.store.driver import StoreDriver


def rerun(store: StoreDriver, job_id: int) -> int:
    """Ask until the copy is whole; the new run's id."""
    run_id = store.file.ids.next()
    reply = store.commit(RerunJob(job_id, run_id)).replies[0]
    while isinstance(reply, RerunGoesOn):
        assert not store.value("SELECT count(*) FROM job WHERE id = ?", run_id)
        reply = store.commit(RerunJob(job_id, run_id, reply.progress)).replies[0]
    assert reply == Submitted(run_id, created=True)
    return run_id


def refused(store: StoreDriver, job_id: int) -> Refused:
    run_id = store.file.ids.next()
    reply = store.commit(RerunJob(job_id, run_id)).replies[0]
    while isinstance(reply, RerunGoesOn):
        reply = store.commit(RerunJob(job_id, run_id, reply.progress)).replies[0]
    assert isinstance(reply, Refused), reply
    assert not store.value("SELECT count(*) FROM job WHERE root_id = ?", run_id)
    assert not store.value("SELECT count(*) FROM staged_page WHERE run_id = ?", run_id)
    return reply


def payload(store: StoreDriver, job_id: int) -> Any:
    return store.column("payload", job_id)


def name_page(store: StoreDriver, start: StepStart) -> None:
    """As the manager ``fan_out`` does."""
    number, pages = int(start.cursor or 0), int(start.step.config["pages"])
    cursor = str(number + 1) if number + 1 < pages else None
    page = Page(stored=number, next_cursor=cursor) if number < pages else Page()
    assert store.commit(NameChildren(start, page)).replies[0].accepted


def name_all(store: StoreDriver) -> None:
    while starts := store.commit(starts=1).starts:
        name_page(store, starts[0])
