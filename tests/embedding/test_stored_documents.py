"""Managers and workers of a service's own read stored documents and patch them, on every dispatcher."""

from pathlib import Path

import msgspec
import pytest

from actors.document_selection import DocumentSelection
from actors.documents import DocumentFilter, DocumentSpec
from actors.ids import parse_id
from actors.job import JobDefinition, Page, Step, StepStart
from actors.manager import JobManager
from actors.worker import JobContext, PermanentError, worker
from runtime import Runtime
from runtime.settings import RuntimeSettings

WAIT = 100.0


class Name(msgspec.Struct, frozen=True):
    name: str


class Which(msgspec.Struct, frozen=True):
    document_id: int


@worker("keep")
def keep(payload: Name, context: JobContext) -> None:
    """Save a document."""
    context.save_document(
        DocumentSpec("web", payload.name, None, payload.name, f"body of {payload.name}", context.tags)
    )


@worker("count_words")
def count_words(payload: Which, context: JobContext) -> int:
    """Count on a thread."""
    document = context.stored_documents.read(payload.document_id)
    if document is None:
        raise PermanentError("there is no such document")
    context.patch_document(document.id, {"words": len(document.body.split())})
    return len(document.body)


@worker("count_letters")
async def count_letters(payload: Which, context: JobContext) -> int:
    """Count on the loop."""
    document = await context.stored_documents.read_async(payload.document_id)
    if document is None:
        raise PermanentError("there is no such document")
    context.patch_document(document.id, {"letters": len(document.body)})
    return len(document.body)


class EachConfig(DocumentSelection, frozen=True):
    job_type: str = "count_words"


class EachManager(JobManager):
    """A child per document that the filter finds, a few on a page."""

    manager_type = "each"
    config_type = EachConfig
    child_types = ("count_words", "count_letters")

    def create_children(self, step: StepStart, cursor: str | None) -> Page:
        config = msgspec.convert(step.step.config, EachConfig)
        wanted = config.wanted(step, self.context.clock.wall_ms())
        found = self.context.stored_documents.find(wanted, cursor, limit=3)
        children = [self.child(config.job_type, Which(each.id)) for each in found.documents]
        return Page(tuple(children), found.next_cursor)


def test_a_step_reads_and_patches_every_document_that_it_selects(tmp_path: Path) -> None:
    definition = JobDefinition(
        "count",
        "Count",
        (
            Step("words", "each", {"filter_limit": 4}),
            Step("letters", "each", {"job_type": "count_letters"}, depends=("words",)),
        ),
    )
    workers = [keep, count_words, count_letters]
    settings = RuntimeSettings(store=tmp_path / "jobs.db")
    with Runtime(settings, workers=workers, managers=[EachManager]) as runtime:
        runtime.fan_out("keep", [Name(f"n{number}") for number in range(8)]).wait(WAIT)
        run = runtime.submit(definition)
        ended = run.wait(WAIT)
        documents = [
            runtime.reader.document(parse_id(each["id"]))
            for each in runtime.reader.documents(DocumentFilter())
        ]
        assert (ended.state, ended.counts.completed) == ("completed", 12)
        assert [each and each["metadata"] for each in documents] == [
            {"words": 3, "letters": 10} if number < 4 else {"letters": 10} for number in range(8)
        ]
        events = [each.type for each in runtime.events(0, run_id=run.number, timeout_seconds=0.0)]
        assert events.count("document_updated") == 12
        assert "document_saved" not in events


def test_the_resource_of_that_name_is_the_runtimes_own(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="documents"):
        Runtime(RuntimeSettings(store=tmp_path / "jobs.db"), resources={"documents": 1})
