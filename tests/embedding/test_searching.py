"""A service searches its documents."""

import asyncio
from pathlib import Path

import msgspec
import pytest

from actors.documents import DocumentSpec
from actors.worker import JobContext, worker
from runtime import Runtime
from runtime.settings import RuntimeSettings
from runtime.store.reading.query import SearchQueryError

WAIT = 100.0


class Name(msgspec.Struct, frozen=True):
    name: str


@worker("keep")
def keep(payload: Name, context: JobContext) -> None:
    """Save a document with its name as a tag."""
    context.save_document(DocumentSpec("web", payload.name, None, payload.name, "they sing", (payload.name,)))


def test_documents_are_found_by_words_tags_sources_and_run(tmp_path: Path) -> None:
    settings = RuntimeSettings(store=tmp_path / "jobs.db")
    with Runtime(settings, workers=[keep]) as runtime:
        run = runtime.fan_out("keep", [Name("whale"), Name("bird")])
        run.wait(WAIT)
        other = runtime.fan_out("keep", [Name("frog")])
        other.wait(WAIT)
        runtime.close(fill_index=True)
        runtime.start()
        assert len(runtime.search("sing")) == 3
        assert len(runtime.search("sing", limit=2)) == 2
        assert len(runtime.search("sing", limit=None)) == 3
        assert [hit["title"] for hit in runtime.search("sing", tags=["whale"])] == ["whale"]
        assert runtime.search("sing", source_types=["mail"]) == []
        assert [hit["title"] for hit in runtime.search("sing", run_id=other.id)] == ["frog"]
        assert len(asyncio.run(runtime.search_async("sing", run_id=run.number))) == 2
        with pytest.raises(SearchQueryError, match="at character 6"):
            runtime.search("sing AND")
        with pytest.raises(TypeError, match=r"tags is a list: write tags=\['whale'\]"):
            runtime.search("sing", tags="whale")
