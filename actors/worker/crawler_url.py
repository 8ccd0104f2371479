"""``crawler_url``: fetches one page, keeps it as a document and spawns a job for each link that passes.

A page of 4xx is a failed job, one of 429, 5xx or without an answer a failed attempt. A redirect makes no document: its
target is a job of its own at the same depth, admitted like a link. What is not text, and what robots.txt disallows,
completes without a document. A page that was crawled before is asked for with its ETag: "304 Not Modified" keeps its
document and follows its links.
"""

from actors.worker.context import JobContext
from actors.worker.contract import Snooze
from actors.worker.crawler.approach import Approach, DisallowedError, visitor_of
from actors.worker.crawler.config import CrawlConfig, CrawlerSettings
from actors.worker.crawler.credential import CredentialError
from actors.worker.crawler.errors import FetchError
from actors.worker.crawler.pace import TooSoonError
from actors.worker.crawler.pages import WORKER_TYPE, CrawledPage, CrawlPage, page_fields
from actors.worker.crawler.patterns import PatternError
from actors.worker.crawler.revisit import CrawlMemory, usable, view_of
from actors.worker.crawler.scope import scope_of
from actors.worker.crawler.seeds import source_type_of
from actors.worker.crawler.urls import normalise
from actors.worker.crawler.visit import MAX_REDIRECTS, Visit
from actors.worker.decorator import worker
from actors.worker.errors import InvalidPayloadError, PermanentError, RetryableError

__all__ = ["MAX_REDIRECTS", "WORKER_TYPE", "CrawlPage", "CrawledPage", "crawler_url", "page_fields"]


@worker(WORKER_TYPE, max_attempts=4, settings_type=CrawlerSettings)
async def crawler_url(payload: CrawlPage, context: JobContext) -> CrawledPage | Snooze:
    """Fetch the page, keep it as a document, spawn a job for each link that passes."""
    config = context.config(CrawlConfig)
    url = normalise(payload.url)
    if url is None:
        raise InvalidPayloadError(
            f"url: {payload.url[:200]!r} can not be crawled: write it as http://host/path or https://host/path"
        )
    try:
        scope = scope_of(config, payload.seed)
    except PatternError as error:
        raise PermanentError(f"step {context.step.name!r}: {error}") from error
    auth_id = config.auth_id or payload.auth_id
    memory: CrawlMemory = context.resource("crawl_memory")
    recollection = await memory.recall(source_type_of(config, payload.source_type), url, context.job.id)
    view = view_of(config, auth_id)
    remembered = usable(recollection.known, view, refresh=config.refresh_source)
    try:
        approach = Approach(
            payload,
            url,
            config,
            scope,
            context.resource("browser" if config.render == "browser" else "fetcher"),
            context.resource("crawl_robots"),
            await visitor_of(context, auth_id),
            remembered.validators() if remembered is not None else {},
        )
        arrival = await approach.arrive()
    except DisallowedError as error:
        context.warning(f"{error}: it was not asked for")
        return CrawledPage(0, "", 0, 0, 0, document=False, skipped=str(error))
    except TooSoonError as error:
        return Snooze(error.seconds)
    except CredentialError as error:
        raise PermanentError(str(error)) from error
    except FetchError as error:
        if error.retryable:
            raise RetryableError(str(error), retry_after_seconds=error.retry_after_seconds) from error
        raise PermanentError(str(error)) from error
    visit = Visit(payload, url, context, config, scope, arrival, recollection, view)
    return await visit.concluded(remembered)
