"""The limits of a crawl step, as the site sees them: pages, depth, requests at once, and the time between them."""

import random
from collections.abc import Iterable
from itertools import pairwise
from pathlib import Path

import pytest

from tests.cli.command import quaero
from tests.crawl.crawls import assert_counts_are_rows, define, document_paths, rows
from tests.crawl.generated import level, page, tree
from tests.crawl.site import Answer, Site

RATE_MS = 150


@pytest.mark.parametrize("most", [7, 40])
def test_max_pages_admits_exactly_so_many_the_shallowest_first(
    tmp_path: Path, chance: random.Random, most: int
) -> None:
    """However many pages are read at once, and in whatever order they are answered."""
    grown = tree(width=8, depth=4)
    delays = [chance.random() * 0.02 for _ in range(8)]

    def answer(path: str, before: int) -> Answer:
        site.ends.wait(delays[hash(path) % len(delays)])
        return grown(path, before)

    with Site(answer) as site:
        definition = define(tmp_path, f"{site.origin}/", max_pages=most, concurrency=4)
        done = quaero("run", definition, "--json", cwd=tmp_path)
    levels = [level(request.path) for request in site.requests]

    assert done.code == 0, done.err
    assert len(levels) == len(site.times_asked) == most
    assert assert_counts_are_rows(tmp_path) == {"completed": most}
    assert len(document_paths(tmp_path, site.origin)) == most
    shallow = [1, 8, 31] if most == 40 else [1, 6]
    assert [levels.count(number + 1) for number in range(len(shallow))] == shallow
    for position, deep in enumerate(levels):
        assert sum(each < deep for each in levels[position:]) < 4


def test_max_pages_counts_seeds_too(tmp_path: Path) -> None:
    with Site(tree(width=3, depth=2)) as site:
        seeds = [f"{site.origin}/{number}/0" for number in range(5)]
        done = quaero("run", define(tmp_path, *seeds, max_pages=3), cwd=tmp_path)
    assert done.code == 0, done.err
    assert sorted(site.times_asked.items()) == [("/0/0", 1), ("/1/0", 1), ("/2/0", 1)]


@pytest.mark.parametrize(("depth", "asked"), [(1, 1), (3, 13)])
def test_max_depth_is_the_depth_of_the_last_pages(tmp_path: Path, depth: int, asked: int) -> None:
    with Site(tree(width=3, depth=5)) as site:
        done = quaero("run", define(tmp_path, f"{site.origin}/", max_depth=depth), cwd=tmp_path)
    assert done.code == 0, done.err
    assert len(site.requests) == len(site.times_asked) == asked
    assert max(map(level, site.times_asked)) == depth
    assert rows(tmp_path, "SELECT max(depth) FROM job") == [(depth,)]


def test_a_page_and_the_redirects_to_it_are_one(tmp_path: Path) -> None:
    """Three pages of five links, each of which leads on twice."""

    def answer(path: str, _before: int) -> Answer:
        if path == "/":
            return page([f"/old/{number}" for number in range(5)])
        if path.startswith("/old/"):
            return Answer(status=301, location=path.replace("/old/", "/older/"))
        return Answer(status=302, location=path.replace("/older/", "/")) if "older" in path else page([])

    with Site(answer) as site:
        done = quaero("run", define(tmp_path, f"{site.origin}/", max_pages=3), cwd=tmp_path)
    assert done.code == 0, done.err
    assert document_paths(tmp_path, site.origin) == {"/", "/0", "/1"}
    assert set(site.times_asked) == {
        "/",
        *(f"{place}/{n}" for place in ("/old", "/older", "") for n in (0, 1)),
    }


def test_no_more_requests_are_under_way_at_once_than_the_step_allows(tmp_path: Path) -> None:
    grown = tree(width=6, depth=3)

    def answer(path: str, before: int) -> Answer:
        if path not in {"/robots.txt", "/"}:
            site.hears(4, seconds=100)  # the first page, and three that are linked from it
        return grown(path, before)

    with Site(answer, delay_seconds=0.03) as site:
        done = quaero("run", define(tmp_path, f"{site.origin}/", concurrency=3), cwd=tmp_path)
    assert done.code == 0, done.err
    assert len(site.requests) == 43
    assert site.most_at_once == 3


def test_each_host_is_asked_no_faster_than_the_rate_allows(tmp_path: Path) -> None:
    """Two hosts do not wait for each other.

    Requests are sent apart, too (``test_pace``); what a busy machine makes of that on their way to the site is no
    matter of ours, so here the leases count.
    """
    with Site(tree(width=9, depth=2)) as one, Site(tree(width=9, depth=2)) as other:
        definition = define(tmp_path, f"{one.origin}/", f"{other.origin}/", rate_limit=RATE_MS)
        done = quaero("run", definition, cwd=tmp_path)
    assert done.code == 0, done.err
    leased_at = dict(rows(tmp_path, "SELECT name, started_at FROM job WHERE kind = 'job'"))
    for site in (one, other):
        leases = [leased_at[site.origin + request.path] for request in site.requests]
        assert len(leases) == len(site.times_asked) == 10
        assert min(_gaps(sorted(leases))) >= RATE_MS
        assert all(request.at_ms >= lease for request, lease in zip(site.requests, leases, strict=True))
    by_host = [
        sorted(at for name, at in leased_at.items() if name.startswith(site.origin)) for site in (one, other)
    ]
    assert max(first for first, *_ in by_host) < min(last for *_, last in by_host), (
        "they were asked at the same time"
    )


def _gaps(times_ms: Iterable[int]) -> list[int]:
    return [later - earlier for earlier, later in pairwise(times_ms)]


def test_which_pages_are_within_the_depth_does_not_depend_on_how_fast_each_is_answered(
    tmp_path: Path,
) -> None:
    """``/x`` is at depth 3 by ``/slow`` and at depth 4 by ``/a`` and ``/b``, which are answered before."""
    links = {"/": ["/slow", "/a"], "/a": ["/b"], "/b": ["/x"], "/slow": ["/x"], "/x": ["/y"], "/y": []}

    def answer(path: str, _before: int) -> Answer:
        if path == "/slow":
            site.hears(5, seconds=1.0)
        return page(links[path])

    with Site(answer) as site:
        done = quaero("run", define(tmp_path, f"{site.origin}/", max_depth=4), cwd=tmp_path)
    assert done.code == 0, done.err
    assert site.times_asked == dict.fromkeys(links, 1)
