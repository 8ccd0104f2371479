"""A store with known contents, made by the store's own verbs without any actor."""

from pathlib import Path
from typing import Any

import msgspec

from actors.documents import DocumentSpec
from actors.ids import id_text
from actors.job import (
    Attempt,
    AttemptError,
    ChildSpec,
    Completed,
    Failed,
    JobDefinition,
    LeasedJob,
    LogLevel,
    LogLine,
    Outcome,
    Page,
    Step,
    StepStart,
)
from actors.messages import NameChildren, Settle, Submit
from actors.seams import SystemClock
from runtime.store.commit import Demand
from runtime.store.file import StoreFile

DEFINITION = JobDefinition(
    "docs", "The docs", (Step("pages", "crawl_here"), Step("words", "count_here", depends=("pages",)))
)
ESCAPE = "\x1b[2J"
"""Clears a terminal that gets it as it is."""


class Filled(msgspec.Struct, frozen=True):
    """What is where in the store. Texts are ids as people see them."""

    path: Path
    run: str
    pages: str  # the step: one job completed, one failed, one spawned by the first and waiting
    words: str  # the step that waits for it
    first: str
    failed: str
    spawned: str


def filled_store(path: Path) -> Filled:
    """Make the store."""
    file = StoreFile(path, SystemClock())
    try:
        run_id, *step_ids = (file.ids.next() for _ in range(3))
        start = submitted(file, DEFINITION, run_id, tuple(step_ids))
        leased = named(file, start, [child("first"), child("second")])
        settled(file, [_visited(leased[0]), Attempt(leased[1].lease, leased[1].step_id, refused())])
        file.index_documents()
        spawned = file.connection.execute("SELECT max(id) FROM job").fetchone()[0]
    finally:
        file.close()
    return Filled(path, *(id_text(each) for each in (run_id, *step_ids, leased[0].id, leased[1].id, spawned)))


def submitted(
    file: StoreFile, definition: JobDefinition, run_id: int, step_ids: tuple[int, ...]
) -> StepStart:
    """Submit the definition; the start of its first step, leased."""
    actions = (definition.steps[0].action,)
    commit = file.commit([Submit(definition, run_id, step_ids)], Demand(starts=1, actions=actions), sweep=[])[
        -1
    ]
    return commit.starts[0]


def named(
    file: StoreFile, start: StepStart, children: list[ChildSpec], *, lease: int = 10
) -> list[LeasedJob]:
    """Name the step's children; those of them that were leased."""
    request = NameChildren(start, Page(children=tuple(children)))
    return file.commit([request], Demand(free={"visit": lease}), sweep=[])[-1].jobs


def settled(file: StoreFile, attempts: list[Attempt]) -> None:
    """Record the attempts."""
    file.commit([Settle(1, tuple(attempts))], None, sweep=[])


def child(name: str, **fields: Any) -> ChildSpec:
    """A child of type "visit"."""
    return ChildSpec("visit", msgspec.json.encode({"page": name}).decode(), name=name, **fields)


def refused() -> Outcome:
    """A failure without another attempt."""
    return Failed(AttemptError("ValueError", f"the page {ESCAPE}is no page"), permanent=True)


def _visited(job: LeasedJob) -> Attempt:
    return Attempt(
        job.lease,
        job.step_id,
        Completed('{"links":1}'),
        children=(child("third", depth=2),),
        documents=(
            DocumentSpec(
                "web", "https://a.example/", "https://a.example/", f"A {ESCAPE}title", "Some *yeast* here."
            ),
            DocumentSpec("web", "https://a.example/b", None, "Bread", "Flour and yeast.", tags=("food",)),
        ),
        logs=(
            LogLine(1_700_000_000_000, LogLevel.INFO, "fetched"),
            LogLine(1_700_000_000_001, LogLevel.ERROR, "slow"),
        ),
    )
