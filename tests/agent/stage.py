"""Stores with documents, and agent steps over them, in whole runtimes."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import msgspec

from actors.documents import DocumentFilter, DocumentSpec
from actors.ids import parse_id
from actors.job import JobDefinition, Step
from actors.worker import JobContext, worker
from runtime import Runtime
from runtime.settings import RuntimeSettings
from tests.agent.given import TEXT
from tests.agent.language_model import KEY, LanguageModel

WAIT = 100.0


class Kept(msgspec.Struct, frozen=True):
    """A document to keep."""

    name: str
    source_type: str = "web"
    tags: tuple[str, ...] = ()
    body: str = TEXT


@worker("keep")
def keep(payload: Kept, context: JobContext) -> None:
    """Save a document."""
    title = f"About {payload.name}"
    metadata = {"kept": True}
    context.save_document(
        DocumentSpec(payload.source_type, payload.name, None, title, payload.body, payload.tags, metadata)
    )


@contextmanager
def running(directory: Path, *documents: Kept, **arguments: Any) -> Iterator[Runtime]:
    """A runtime on a store with these documents."""
    quickly = {"agent": {"backoff_seconds": 0.01}}
    settings = RuntimeSettings(store=directory / "quaero.db", worker_options=quickly)
    with Runtime(settings, workers=[keep], **arguments) as runtime:
        if documents:
            runtime.fan_out("keep", documents).wait(WAIT)
        yield runtime


def agent_definition(**config: Any) -> JobDefinition:
    """A definition with one agent step."""
    step = Step("find", "agent", {"agent_type": "keyword_extractor", **config})
    return JobDefinition("agents", "Agents", (step,))


def by(model: LanguageModel, backend: str = "openai", **settings: Any) -> dict[str, Any]:
    """The settings of a runtime whose agents ask that model."""
    whole = {"backend": backend, "base_url": model.base_url, "api_key": KEY, "requests_per_minute": 0}
    return {"worker_settings": {"agent": {**whole, **settings}}}


def metadata_of(runtime: Runtime) -> dict[str, dict[str, Any]]:
    """The metadata of every document, by its name."""
    found: dict[str, dict[str, Any]] = {}
    for each in runtime.reader.documents(DocumentFilter()):
        document = runtime.reader.document(parse_id(each["id"]))
        assert document is not None
        found[document["title"].removeprefix("About ")] = document["metadata"]
    return found
