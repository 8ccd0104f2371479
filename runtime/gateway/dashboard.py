"""The dashboard's files: one page of HTML, its style and its scripts, as they are in ``page/``; no build step."""

from pathlib import Path
from typing import Any

from litestar import Request, Router, get
from litestar.exceptions import NotFoundException
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
    there = frozenset(f"/{file.relative_to(PAGE).as_posix()}" for file in PAGE.rglob("*") if file.is_file())

    def refuse_others(request: Request[Any, Any, Any]) -> None:
        """Names that are none, as one with a NUL, fail where files are looked for."""
        if str(request.path_params["file_path"]) not in there:
            raise NotFoundException

    return create_static_files_router(
        path="/static",
        directories=[PAGE],
        include_in_schema=False,
        name="page",
        cache_control=None,
        before_request=refuse_others,
    )
