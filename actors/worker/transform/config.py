"""The configuration of a transform step."""

from enum import StrEnum

import msgspec

from actors.document_selection import DocumentSelection, selection_problems
from actors.worker.crawler.urls import normalise


class InputFormat(StrEnum):
    """What can be transformed."""

    HTML = "html"


class OutputFormat(StrEnum):
    """What it can become."""

    MARKDOWN = "markdown"
    TEXT = "text"
    JSON = "json"


MEDIA_TYPES = {
    OutputFormat.MARKDOWN: "text/markdown",
    OutputFormat.TEXT: "text/plain",
    OutputFormat.JSON: "application/json",
}
HTML_TYPES = ("text/html", "application/xhtml+xml")


class TransformConfig(DocumentSelection, frozen=True, omit_defaults=True, kw_only=True):
    """Which stored documents are transformed, and into what. The originals stay as they are."""

    input_format: InputFormat = InputFormat.HTML
    """What is transformed: documents whose body is HTML. A crawl keeps it with ``keep_html = true``."""
    output_format: OutputFormat = OutputFormat.MARKDOWN
    """What they become: markdown, text, or json with title, metadata, links and the Markdown."""
    base_url: str = ""
    """What relative links begin at; empty = the document's own address, or else the definition's ``base_url``."""
    validate_html: bool = False
    """Whether a document whose HTML is not well nested fails, with line and column; else it is read as browsers do."""
    output_tags: tuple[str, ...] = ()
    """Tags of the new documents, beside those of the originals and of the definition."""


def problems(config: TransformConfig) -> list[tuple[str, str]]:
    """What is wrong with a configuration beyond its types: pairs of key and sentence."""
    found = list(selection_problems(config))
    if config.base_url and normalise(config.base_url) is None:
        found.append(("base_url", f"must be an http or https address, got {config.base_url[:200]!r}"))
    return found


class TransformTask(msgspec.Struct, frozen=True, omit_defaults=True):
    """One document to transform; None = the step found none, which its job is there to say."""

    document_id: int | None = None
    base_url: str = ""
