"""A site that nobody here wrote: Python's documentation as Debian packages it, about five hundred pages of HTML."""

import random
import re
from pathlib import Path

import pytest

from tests.cli.command import quaero
from tests.crawl.crawls import (
    a_moment,
    assert_counts_are_rows,
    assert_each_ended_once,
    define,
    document_paths,
    end_of,
    jobs_by_path,
    kill_group,
    rows,
    running_jobs,
    started,
)
from tests.crawl.files import files_of, reachable
from tests.crawl.site import HTML, Site

PLACES = ("/usr/share/doc/python3.11/html", "/usr/share/doc/python3/html")
ROOT = next((path for path in map(Path, PLACES) if (path / "index.html").is_file()), None)
ABSENT = "Python's documentation is not on this machine; on Debian and Ubuntu: apt-get install python3-doc"
NOT_PACKAGED = "/whatsnew/changelog.html"
"""The one page that others link to and that the package keeps as text elsewhere: it would be a 404."""

pytestmark = pytest.mark.skipif(ROOT is None, reason=ABSENT)


def _expected() -> tuple[Path, set[str], set[str]]:
    """The directory, the paths a crawl must ask for, and those of them that are documents."""
    assert ROOT is not None
    answer = files_of(ROOT)
    paths = reachable(ROOT, "/index.html", without=NOT_PACKAGED)
    assert len(paths) > 400
    return ROOT, paths, {path for path in paths if answer(path, 0).content_type == HTML}


def test_every_reachable_page_is_one_document_asked_for_once(tmp_path: Path) -> None:
    """Paths that a reading of the files by other means finds, and no more."""
    root, paths, pages = _expected()
    with Site(files_of(root)) as site:
        definition = define(
            tmp_path, f"{site.origin}/index.html", exclude_patterns=[r"/whatsnew/changelog\.html"]
        )
        done = quaero("run", definition, "--json", cwd=tmp_path)

    assert done.code == 0, done.err
    assert site.times_asked == dict.fromkeys(paths, 1)
    assert document_paths(tmp_path, site.origin) == pages
    assert assert_counts_are_rows(tmp_path) == {"completed": len(paths)}
    assert (done.value["state"], done.value["documents"]) == ("completed", len(pages))
    assert done.value["counts"]["completed"] == done.value["counts"]["total"] == len(paths)
    assert_markdown_is_whole(tmp_path, site.origin)


def assert_markdown_is_whole(directory: Path, origin: str) -> None:
    """Headings, code blocks, tables and links of pages that have many, without what is around them."""
    least = {
        "/library/json.html": (12, 14, 19, 140),
        "/library/stdtypes.html": (50, 120, 140, 900),
        "/tutorial/datastructures.html": (13, 35, 0, 40),
    }
    bodies = dict(rows(directory, "SELECT url, body FROM document"))
    for path, wanted in least.items():
        body = bodies[origin + path]
        patterns = (r"(?m)^#+ ", r"(?m)^ *```\w*$", r"(?m)^\|", r"\]\(http")
        headings, fences, table_rows, links = (len(re.findall(each, body)) for each in patterns)
        assert all(
            has >= least
            for has, least in zip((headings, fences // 2, table_rows, links), wanted, strict=True)
        )
        assert body.startswith("# ")
        assert "Quick search" not in body
        assert "](/" not in body
        assert "](#" not in body


@pytest.mark.soak
@pytest.mark.timeout(600)
def test_killed_ten_times_it_has_the_same_documents_and_counts(tmp_path: Path, chance: random.Random) -> None:
    """SIGKILL of the process group at random moments, then ``work --until-idle``."""
    root, paths, pages = _expected()
    with Site(files_of(root)) as site:
        definition = define(
            tmp_path, f"{site.origin}/index.html", exclude_patterns=[r"/whatsnew/changelog\.html"]
        )
        arguments = ["run", definition]
        for _ in range(10):
            number = len(site.requests) + chance.randint(1, 30)
            with site.holding(number), started(*arguments, cwd=tmp_path) as process:
                site.wait_for_requests(number)
                a_moment(chance.random())
                kill_group(process)
            assert running_jobs(tmp_path) > 0
            arguments = ["work", "--until-idle"]
        with started(*arguments, cwd=tmp_path) as process:
            code, told = end_of(process, seconds=300)

    assert code == 0, told
    assert set(site.times_asked) == paths
    assert document_paths(tmp_path, site.origin) == pages
    assert assert_counts_are_rows(tmp_path) == {"completed": len(paths)}
    assert {job["attempt"] for job in jobs_by_path(tmp_path, site.origin).values()} == {1}
    assert_each_ended_once(tmp_path)
