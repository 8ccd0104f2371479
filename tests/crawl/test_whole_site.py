"""One undisturbed crawl of a site that has everything a crawl may trip over."""

from pathlib import Path

from tests.cli.command import quaero
from tests.crawl.conftest import TwoSites
from tests.crawl.crawls import (
    assert_counts_are_rows,
    assert_each_ended_once,
    define,
    document_paths,
    jobs_by_path,
)
from tests.crawl.generated import RETRY_ATTEMPTS, Becomes


def test_every_page_is_one_document_and_every_url_is_asked_for_once(sites: TwoSites, tmp_path: Path) -> None:
    """The site's own record is the witness; what failed, failed by itself, so the run completed with failures."""
    site, generated = sites.site, sites.generated
    definition = define(tmp_path, f"{site.origin}/", retry_attempts=RETRY_ATTEMPTS)
    done = quaero("run", definition, "--json", cwd=tmp_path)

    assert done.code == 3, done.err
    assert site.times_asked == generated.attempts
    assert sites.elsewhere.requests == []
    assert document_paths(tmp_path, site.origin) == generated.paths(Becomes.DOCUMENT)
    jobs = jobs_by_path(tmp_path, site.origin)
    assert {path: job["attempt"] for path, job in jobs.items()} == generated.attempts
    failed = {path for path, job in jobs.items() if job["state"] == "failed"}
    assert failed == generated.paths(Becomes.FAILED)
    assert all(jobs[path]["error"] for path in failed)
    counts = {"completed": len(jobs) - len(failed), "failed": len(failed)}
    assert assert_counts_are_rows(tmp_path) == counts
    run = done.value
    assert run["state"] == "completed_with_failures"
    assert {state: run["counts"][state] for state in counts} == counts
    assert run["documents"] == len(generated.paths(Becomes.DOCUMENT))
    assert_each_ended_once(tmp_path)
