"""Managers whose configuration types stand for those of the six actions; they name no children."""

import re
from typing import Annotated

import msgspec
from msgspec import Meta

from actors.job import Page, Step, StepStart
from actors.manager import JobManager, ManagerRegistry
from actors.manager.test_job_generator import GeneratorManager


class Crawl(msgspec.Struct, frozen=True):
    start_urls: tuple[str, ...] = ()
    max_depth: Annotated[int, Meta(ge=0)] = 2
    max_pages: Annotated[int, Meta(ge=0)] = 100
    concurrency: Annotated[int, Meta(ge=1)] = 5
    rate_limit: int = 1000
    follow_links: bool = True
    include_patterns: tuple[str, ...] = ()
    exclude_patterns: tuple[str, ...] = ()
    output_tags: tuple[str, ...] = ()


class Agent(msgspec.Struct, frozen=True):
    agent_type: str
    max_keywords: int = 10
    operation_type: str = ""
    filter_source_type: str = ""
    filter_limit: int = 0


class Places(msgspec.Struct, frozen=True):
    search_query: str
    search_type: str = "text_search"
    max_results: int = 0
    list_name: str = ""
    location_latitude: float | None = None
    location_longitude: float | None = None
    location_radius: int = 5000
    filter_type: str = ""
    filter_min_rating: float = 0.0


class _NamesNothing(JobManager):
    def create_children(self, step: StepStart, cursor: str | None) -> Page:
        return Page()


class CrawlManager(_NamesNothing):
    manager_type = "crawl"
    config_type = Crawl

    @classmethod
    def problems(cls, step: Step) -> list[tuple[str, str]]:
        found = []
        for number, pattern in enumerate(step.config.get("include_patterns", [])):
            try:
                re.compile(pattern)
            except re.error as error:
                found.append((f"include_patterns[{number}]", f"is no regular expression: {error}"))
        return found


class AgentManager(_NamesNothing):
    manager_type = "agent"
    config_type = Agent


class PlacesManager(_NamesNothing):
    manager_type = "places_search"
    config_type = Places


MANAGERS = ManagerRegistry([CrawlManager, AgentManager, PlacesManager, GeneratorManager])
