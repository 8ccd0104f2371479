"""Routes of documents and of the full-text search."""

from typing import Annotated, Any

import msgspec
from litestar import Controller, get
from litestar.params import QueryParameter

from actors.documents import DocumentFilter
from actors.ids import parse_id
from runtime.gateway.asking import id_parameter, page_size
from runtime.gateway.given import ID, After, JobId, Limit, RunFilter, TheRuntime
from runtime.gateway.objects import DocumentsPage
from runtime.gateway.problem import BadRequestError, NotFoundError
from runtime.store.reading.query import SearchQueryError

Tags = Annotated[list[str] | None, QueryParameter(name="tag", description="every one of these")]
Sources = Annotated[list[str] | None, QueryParameter(name="source_type", description="one of these")]

JobFilter = Annotated[
    str | None, QueryParameter(name="job_id", description="only what this job saved", schema_extra=ID)
]


class DocumentsController(Controller):
    """``/api/documents`` and ``/api/search``."""

    path = "/api"
    tags = ("documents",)

    @get("/documents", summary="List documents", sync_to_thread=True)
    def list_documents(
        self,
        runtime: TheRuntime,
        run_id: RunFilter = None,
        job_id: JobFilter = None,
        tag: Tags = None,
        source_type: Sources = None,
        after: After = None,
        limit: Limit = 50,
    ) -> DocumentsPage:
        """In the order in which they were first saved."""
        size = page_size(limit)
        wanted = msgspec.structs.replace(
            _filter(run_id, tag, source_type, size + 1),
            job_id=id_parameter(job_id, "job_id"),
            after=id_parameter(after, "after"),
        )
        found = runtime.reader.documents(wanted)
        page = found[:size]
        return DocumentsPage(page, page[-1]["id"] if len(found) > size else None)

    @get("/documents/{document_id:str}", summary="Show a document", sync_to_thread=True)
    def show(self, runtime: TheRuntime, document_id: JobId) -> dict[str, Any]:
        """With its text and metadata."""
        found = runtime.reader.document(parse_id(document_id))
        if found is None:
            raise NotFoundError(f"there is no document {document_id}")
        return found

    @get("/search", summary="Search documents", sync_to_thread=True)
    def search(
        self,
        runtime: TheRuntime,
        words: Annotated[str, QueryParameter(name="q", description="what `quaero search` takes")],
        run_id: RunFilter = None,
        tag: Tags = None,
        source_type: Sources = None,
        limit: Limit = 20,
    ) -> DocumentsPage:
        """The best first, each with a snippet and a score."""
        wanted = _filter(run_id, tag, source_type, page_size(limit))
        try:
            return DocumentsPage(runtime.reader.search(words, wanted), None)
        except SearchQueryError as error:
            raise BadRequestError(str(error), "q") from error


def _filter(
    run_id: str | None, tags: list[str] | None, source_types: list[str] | None, limit: int
) -> DocumentFilter:
    return DocumentFilter(
        run_id=id_parameter(run_id, "run_id"),
        tags=tuple(tags or ()),
        source_types=tuple(source_types or ()),
        limit=limit,
    )
