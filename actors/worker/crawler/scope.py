"""Where a crawl may go: the patterns of its step and, where none includes, the origins of its seeds. Pure."""

from functools import lru_cache

from actors.worker.crawler.config import CrawlConfig
from actors.worker.crawler.patterns import Patterns, patterns
from actors.worker.crawler.urls import followed_origins, normalise, origin


class Scope:
    """Decides on normalised URLs."""

    def __init__(self, patterns: Patterns, origins: frozenset[str]) -> None:
        self._patterns = patterns
        self._origins = origins

    def __repr__(self) -> str:
        return f"<Scope({self._patterns!r}, origins={sorted(self._origins)})>"

    def passes(self, url: str) -> bool:
        """Whether a link to the URL is followed. Include patterns name their sites themselves."""
        if not self._patterns.includes and origin(url) not in self._origins:
            return False
        return self._patterns.passes(url)


def scope_of(config: CrawlConfig, generated_seed: str = "") -> Scope:
    """The scope of a step.

    Args:
        config: the step's.
        generated_seed: the normalised seed of a step that names none.

    Raises:
        PatternError: one of the patterns is no regular expression.
    """
    seeds = (generated_seed,) if generated_seed else config.start_urls
    return Scope(patterns(config.include_patterns, config.exclude_patterns), _origins(seeds))


@lru_cache(maxsize=64)
def _origins(seeds: tuple[str, ...]) -> frozenset[str]:
    return followed_origins(tuple(url for seed in seeds if (url := normalise(seed)) is not None))
