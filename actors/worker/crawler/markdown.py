"""A page as Markdown: headings, code, tables and absolute links, without scripts, styles and navigation. Pure."""

from collections.abc import Sequence

from html_to_markdown import ConversionOptions, PreprocessingOptions, convert

from actors.worker.crawler.parsed import bounded


def to_markdown(html: str, url: str, without: Sequence[str] = ()) -> str:
    """The text of a page that went through ``defuse``.

    Args:
        html: the page.
        url: where it is from; a ``<base href>`` in it is honoured.
        without: selectors of further elements to leave out.

    Raises:
        ConversionError: the converter gave up.
    """
    text = convert(html, _options(url, without)).content or ""
    return bounded(text.strip())


def to_text(html: str, url: str) -> str:
    """The same as plain text, without marks.

    Raises:
        ConversionError: the converter gave up.
    """
    return bounded((convert(html, _options(url, (), "plain")).content or "").strip())


def _options(url: str, without: Sequence[str], output_format: str = "markdown") -> ConversionOptions:
    return ConversionOptions(
        output_format=output_format,
        base_url=url,
        extract_metadata=False,
        compact_tables=True,  # padding would multiply the longest cell by the number of rows
        hidden_content="reachable",
        inline_data_media="alt_text_only",
        exclude_selectors=["script", "style", "nav", "x-svg", *without],
        # Its idea of navigation and forms takes the whole text of pages that stand in one form.
        preprocessing=PreprocessingOptions(enabled=False),
    )
