"""``crawl``: the seeds of a crawl. All further pages are spawned by the pages and sitemaps that name them."""

import msgspec

from actors.job import ChildSpec, JobDefinition, Page, Step, StepStart
from actors.manager.contract import JobManager
from actors.settings import Settings
from actors.worker.crawler.browser.chromium import browser_problem
from actors.worker.crawler.config import CrawlConfig, CrawlerSettings, problems
from actors.worker.crawler.pages import SEED_DEPTH, WORKER_TYPE, CrawlPage, page_fields
from actors.worker.crawler.seeds import NoSeedError, Seeds, seeds_of
from actors.worker.crawler.sitemaps import SITEMAP_DEPTH, SITEMAP_WORKER_TYPE, CrawlSitemap, sitemaps_of
from actors.worker.errors import PermanentError


class CrawlManager(JobManager):
    """Names the seeds in one page, with the limits that hold for the whole step."""

    manager_type = "crawl"
    config_type = CrawlConfig
    child_types = (WORKER_TYPE, SITEMAP_WORKER_TYPE)

    def create_children(self, step: StepStart, cursor: str | None) -> Page:
        """The seeds, each once, at depth 1, and the jobs that read sitemaps before them.

        Raises:
            PermanentError: the configuration is wrong, or there is no seed; the message says which key to add.
        """
        import actors.worker.crawler.http  # noqa: F401 (loads the client here, so that no fetch starts late for it)

        config = _checked(step.step)
        definition = step.definition
        seeds = _seeds(config, step)
        page = CrawlPage(
            "",
            source_type="" if config.source_type else definition.source_type,
            auth_id="" if config.auth_id else definition.auth_id,
        )
        sitemaps = [_sitemap(each, page, config) for each in sitemaps_of(config, seeds.urls)]
        children = [
            _child(
                msgspec.structs.replace(page, url=url, seed=url if seeds.generated else ""),
                config,
            )
            for url in seeds.urls
        ]
        return Page(
            (*sitemaps, *children),
            # Sitemaps are no pages: what they are read by comes on top.
            max_children=config.max_pages + len(sitemaps) if config.max_pages else 0,
            concurrency=step.step.concurrency or config.concurrency,
            level_by_level=True,  # a page has the depth of the shortest way to it, however long each page takes
        )

    @classmethod
    def problems(cls, step: Step) -> list[tuple[str, str]]:
        """What is wrong with the step's configuration: patterns, URLs and numbers."""
        return problems(msgspec.convert(step.config, CrawlConfig))

    @classmethod
    def unmet(cls, step: Step, settings: Settings) -> list[tuple[str, str]]:
        """A browser, for a step whose pages are to be rendered."""
        if msgspec.convert(step.config, CrawlConfig).render != "browser":
            return []
        problem = browser_problem(settings.worker(WORKER_TYPE, CrawlerSettings).browser_path)
        return [] if problem is None else [("render", f'render = "browser" {problem}')]

    @classmethod
    def missing(cls, step: Step, definition: JobDefinition) -> list[tuple[str, str]]:
        """A URL to begin with: definitions are kept whose URL somebody adds before a run."""
        config = msgspec.convert(step.config, CrawlConfig)
        try:
            seeds_of(config, source_type=definition.source_type, base_url=definition.base_url)
        except NoSeedError as error:
            if config.sitemap_urls:
                return []
            return [("start_urls", str(error))]
        return []

    @classmethod
    def auth_ids(cls, step: Step, definition: JobDefinition) -> tuple[str, ...]:
        """The step's auth record, else the definition's."""
        auth_id = msgspec.convert(step.config, CrawlConfig).auth_id or definition.auth_id
        return (auth_id,) if auth_id else ()


def _seeds(config: CrawlConfig, start: StepStart) -> Seeds:
    definition = start.definition
    try:
        return seeds_of(config, source_type=definition.source_type, base_url=definition.base_url)
    except NoSeedError as error:
        if config.sitemap_urls:
            return Seeds(())
        raise PermanentError(f"step {start.step.name!r}: {error}") from error


def _checked(step: Step) -> CrawlConfig:
    """The configuration of a step that may have been made in code, where nothing has checked it."""
    try:
        config = msgspec.convert(step.config, CrawlConfig)
    except msgspec.ValidationError as error:
        raise PermanentError(f"step {step.name!r}: {error}") from error
    wrong = problems(config)
    if wrong:
        sentences = "; ".join(f"{key}: {sentence}" for key, sentence in wrong)
        raise PermanentError(f"step {step.name!r}: {sentences}")
    return config


def _child(page: CrawlPage, config: CrawlConfig) -> ChildSpec:
    fields = page_fields(page.url, config, SEED_DEPTH)
    return JobManager.child(WORKER_TYPE, page, backoff_ms=config.retry_backoff, **fields)


def _sitemap(sitemap: CrawlSitemap, page: CrawlPage, config: CrawlConfig) -> ChildSpec:
    whole = msgspec.structs.replace(sitemap, page=page)
    fields = page_fields(sitemap.url, config, SITEMAP_DEPTH)
    fields |= {"name": f"sitemap {sitemap.url}", "unique_key": f"sitemap {sitemap.url}"}
    return JobManager.child(SITEMAP_WORKER_TYPE, whole, backoff_ms=config.retry_backoff, **fields)
