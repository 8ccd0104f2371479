"""``crawl``: the seeds of a crawl. All further pages are spawned by the pages that link to them."""

import msgspec

from actors.job import ChildSpec, JobDefinition, Page, Step, StepStart
from actors.manager.contract import JobManager
from actors.worker.contract import PermanentError
from actors.worker.crawler.config import CrawlConfig, problems
from actors.worker.crawler.seeds import NoSeedError, seeds_of
from actors.worker.crawler_url import WORKER_TYPE, CrawlPage, page_fields

SEED_DEPTH = 1


class CrawlManager(JobManager):
    """Names the seeds in one page, with the limits that hold for the whole step."""

    manager_type = "crawl"
    config_type = CrawlConfig
    child_types = (WORKER_TYPE,)

    def create_children(self, step: StepStart, cursor: str | None) -> Page:
        """The seeds, each once, at depth 1.

        Raises:
            PermanentError: the configuration is wrong, or there is no seed; the message says which key to add.
        """
        import actors.worker.crawler.http  # noqa: F401 (loads the client here, so that no fetch starts late for it)

        config = _checked(step.step)
        definition = step.definition
        try:
            seeds = seeds_of(config, source_type=definition.source_type, base_url=definition.base_url)
        except NoSeedError as error:
            raise PermanentError(f"step {step.step.name!r}: {error}") from error
        inherited = "" if config.source_type else definition.source_type
        children = [
            _child(CrawlPage(url, source_type=inherited, seed=url if seeds.generated else ""), config)
            for url in seeds.urls
        ]
        return Page(
            tuple(children),
            max_children=config.max_pages,
            concurrency=step.step.concurrency or config.concurrency,
            level_by_level=True,  # a page has the depth of the shortest way to it, however long each page takes
        )

    @classmethod
    def problems(cls, step: Step) -> list[tuple[str, str]]:
        """What is wrong with the step's configuration: patterns, URLs and numbers."""
        return problems(msgspec.convert(step.config, CrawlConfig))

    @classmethod
    def missing(cls, step: Step, definition: JobDefinition) -> list[tuple[str, str]]:
        """A URL to begin with: definitions are kept whose URL somebody adds before a run."""
        config = msgspec.convert(step.config, CrawlConfig)
        try:
            seeds_of(config, source_type=definition.source_type, base_url=definition.base_url)
        except NoSeedError as error:
            return [("start_urls", str(error))]
        return []


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
