"""``transform``: reads one stored HTML document and saves it in another format, as a document of its own.

The new document is identified by the original's id and the format: transforming again updates it. The original stays.
"""

import msgspec

from actors.documents import DocumentSpec, StoredDocument
from actors.ids import id_text
from actors.worker.context import JobContext
from actors.worker.crawler.parsed import PageError
from actors.worker.decorator import worker
from actors.worker.errors import PermanentError
from actors.worker.transform.config import MEDIA_TYPES, TransformConfig, TransformTask
from actors.worker.transform.validity import first_fault

WORKER_TYPE = "transform"
SOURCE_TYPE = "transform"
NOTHING = (
    "no stored HTML document passes the step's filters: nothing is transformed;"
    " a crawl keeps HTML with keep_html = true"
)


class Transformed(msgspec.Struct, frozen=True, omit_defaults=True):
    """What became of the document. ``source_id`` is the new one's; empty = there was nothing to transform."""

    source_id: str = ""
    characters: int = 0
    original_characters: int = 0
    truncated: bool = False


@worker(WORKER_TYPE, slots=2, max_attempts=3, spawns=False)
def transform(payload: TransformTask, context: JobContext) -> Transformed:
    """Transform the document."""
    from actors.worker.transform.formats import converted  # with its parsers, when the first one is needed

    if payload.document_id is None:
        context.warning(NOTHING)
        return Transformed()
    config = context.config(TransformConfig)
    original = context.stored_documents.read(payload.document_id)
    if original is None:
        raise PermanentError(f"there is no document {id_text(payload.document_id)} any more")
    if config.validate_html and (fault := first_fault(original.body)) is not None:
        raise PermanentError(
            f"the HTML of {_name(original)} is wrong at line {fault.line}, column {fault.column}: {fault.sentence}"
        )
    try:
        page = converted(
            original.body, config.base_url or original.url or payload.base_url, config.output_format
        )
    except PageError as error:
        raise PermanentError(f"{_name(original)}: {error}") from error
    if page.truncated:
        context.warning(f"{_name(original)} is longer than what is read of a page: its end is missing")
    source_id = f"{id_text(original.id)}:{config.output_format.value}"
    context.save_document(
        DocumentSpec(
            source_type=SOURCE_TYPE,
            source_id=source_id,
            url=original.url,
            title=original.title or page.title,
            body=page.body,
            tags=tuple(dict.fromkeys((*original.tags, *context.tags, *config.output_tags))),
            metadata={
                **page.metadata,
                "original": {
                    "document_id": id_text(original.id),
                    "source_type": original.source_type,
                    "source_id": original.source_id,
                    "media_type": original.media_type,
                },
                "truncated": page.truncated,
            },
            media_type=MEDIA_TYPES[config.output_format],
        )
    )
    return Transformed(source_id, len(page.body), len(original.body), page.truncated)


def _name(document: StoredDocument) -> str:
    return document.url or f"{document.source_type} {document.source_id}"
