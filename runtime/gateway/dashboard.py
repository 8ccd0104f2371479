"""The dashboard's files: one page of HTML, its style and its scripts, as they are in ``page/``; no build step."""

from pathlib import Path

from litestar import Router, get
from litestar.response import File
from litestar.static_files import create_static_files_router

PAGE = Path(__file__).parent / "page"


@get("/", include_in_schema=False, sync_to_thread=False)
def page() -> File:
    """The page; its scripts ask the API for everything."""
    return File(
        PAGE / "index.html", media_type="text/html", content_disposition_type="inline", filename="index.html"
    )


def files() -> Router:
    """``/static``: what the page loads. Asked for anew each time, and sent only if it changed."""
    return create_static_files_router(
        path="/static", directories=[PAGE], include_in_schema=False, name="page", cache_control=None
    )
