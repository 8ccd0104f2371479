"""``places_search``: asks for one page of places; the last page's job saves the one document of the step.

Each page is a job of its own, so that the time between two calls to a host is kept by the lease, over all jobs, runs
and runtimes, and not by a body that sleeps. What was found so far goes from page to page in the payload.
"""

from typing import Any

import msgspec

from actors.documents import DocumentSpec
from actors.ids import id_text
from actors.places.config import PlacesConfig, Search, search_of
from actors.places.place import Place, joined, markdown_of, title_of, wanted
from actors.places.settings import PlacesSettings
from actors.worker.context import JobContext
from actors.worker.decorator import worker

WORKER_TYPE = "places_search"
SOURCE_TYPE = "places"
MAX_PAGES = 3
"""Pages of one search: the providers give no more."""


class PlacesTask(msgspec.Struct, frozen=True, omit_defaults=True):
    """A page to ask for, and what the pages before it had."""

    query: str
    page: int = 1
    token: str = ""
    seen: int = 0
    places: tuple[Place, ...] = ()


class PlacesFound(msgspec.Struct, frozen=True, omit_defaults=True):
    """What this page and those before it had: ``seen`` places, ``results`` that are wanted."""

    results: int
    seen: int
    page: int
    document: bool


def task_fields(task: PlacesTask, settings: PlacesSettings, *, nearby: bool) -> dict[str, Any]:
    """How the job of a page is run: once, and not too soon after any other call to its host."""
    return {
        "name": f"Places: {task.query}" + (f" (page {task.page})" if task.page > 1 else ""),
        "unique_key": f"page {task.page}",
        "rate_key": settings.rate_key(nearby=nearby),
        "rate_ms": settings.rate_ms,
    }


@worker(
    WORKER_TYPE,
    slots=8,
    max_attempts=4,
    backoff_seconds=2.0,
    max_backoff_seconds=120.0,
    settings_type=PlacesSettings,
)
async def places_search(payload: PlacesTask, context: JobContext) -> PlacesFound:
    """Ask for a page of places; go on to the next one, or save the document."""
    from actors.places.google_legacy import TOKEN_SECONDS
    from actors.places.provider import ask

    settings = context.settings(PlacesSettings)
    search = search_of(context.config(PlacesConfig), settings.max_results_per_search)
    answer = await ask(search, settings, payload.token, context.clock)
    places = joined(payload.places, wanted(search, answer.places), search.limit)
    seen = payload.seen + len(answer.places)
    more = bool(answer.next_token) and len(places) < search.limit and payload.page < MAX_PAGES
    context.info(
        f"{len(answer.places)} places on page {payload.page}, {len(places)} wanted so far"
        + (", there is another page" if more else "")
    )
    if more:
        task = PlacesTask(payload.query, payload.page + 1, answer.next_token, seen, places)
        context.spawn_child_job(
            WORKER_TYPE,
            task,
            depth=context.job.depth,
            delay_seconds=TOKEN_SECONDS if settings.provider == "google_legacy" else 0.0,
            **task_fields(task, settings, nearby=search.nearby),
        )
    else:
        context.save_document(_document(search, places, seen, settings, context))
    return PlacesFound(len(places), seen, payload.page, not more)


def _document(
    search: Search, places: tuple[Place, ...], seen: int, settings: PlacesSettings, context: JobContext
) -> DocumentSpec:
    """The one document of a step and run: the same again after a retry."""
    metadata = {
        "search_query": search.query,
        "search_type": "nearby_search" if search.nearby else "text_search",
        "list_name": search.list_name,
        "provider": settings.provider,
        "total_results": len(places),
        "seen": seen,
        "places": msgspec.json.decode(msgspec.json.encode(places)),  # as it will be read
        "job_id": id_text(context.job.id),
        "parent_job_id": id_text(context.job.step_id),
    }
    return DocumentSpec(
        source_type=SOURCE_TYPE,
        source_id=f"{id_text(context.job.root_id)}/{context.step.name}",
        url=None,
        title=title_of(search),
        body=markdown_of(search, places),
        tags=context.tags,
        metadata=metadata,
    )
