"""The generated site on one port, and on another a site that no crawl may ask for anything; chance."""

import random
from collections.abc import Iterator

import pytest

from tests.crawl.generated import Generated
from tests.crawl.site import Answer, Site


class TwoSites:
    """``site`` answers with what ``generated`` declares; ``elsewhere`` must hear nothing."""

    def __init__(self, site: Site, generated: Generated, elsewhere: Site) -> None:
        self.site = site
        self.generated = generated
        self.elsewhere = elsewhere


@pytest.fixture
def sites() -> Iterator[TwoSites]:
    """Both sites, started."""
    with Site(lambda _path, _before: Answer(b"off-site")) as elsewhere:
        generated = Generated(elsewhere.origin)
        with Site(generated.answer) as site:
            yield TwoSites(site, generated, elsewhere)


@pytest.fixture
def chance() -> random.Random:
    """For moments of death; they repeat with the seed that pytest-randomly shows."""
    return random.Random(random.random())  # noqa: S311 - no secret
