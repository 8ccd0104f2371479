"""Crawls whose process groups are killed while work is in flight, and that go on by the command."""

import random
from contextlib import ExitStack
from pathlib import Path

from tests.crawl.conftest import TwoSites
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
    until,
)
from tests.crawl.generated import RETRY_ATTEMPTS, Becomes

KILLS = 10
DELAY_SECONDS = 0.03
LEASE_SECONDS = 30.0
ANSWERED = 20
"""So many requests of two processes are answered, then none; there are links enough for both by then."""


def test_a_crawl_killed_ten_times_has_the_same_documents_and_counts(
    sites: TwoSites, tmp_path: Path, chance: random.Random
) -> None:
    """``work --until-idle`` continues what ``run`` began; no attempt that was lost with its process is consumed."""
    site, generated = sites.site, sites.generated
    site.delay_seconds = DELAY_SECONDS
    definition = define(tmp_path, f"{site.origin}/", concurrency=4, retry_attempts=RETRY_ATTEMPTS)
    arguments = ["run", definition]
    for _ in range(KILLS):
        number = len(site.requests) + chance.randint(1, 10)
        with (
            site.holding(number),
            site.stopped(
                after=number + 3
            ),  # however late the kill comes, there is enough left for the others
            started(*arguments, cwd=tmp_path) as process,
        ):
            site.wait_for_requests(number)
            a_moment(chance.random() * 2 * DELAY_SECONDS)
            kill_group(process)
        assert running_jobs(tmp_path) > 0
        arguments = ["work", "--until-idle"]
    with started(*arguments, cwd=tmp_path) as process:
        code, told = end_of(process)

    assert code == 0, told
    assert rows(tmp_path, "SELECT state FROM job WHERE kind = 'run'") == [("completed_with_failures",)]
    assert document_paths(tmp_path, site.origin) == generated.paths(Becomes.DOCUMENT)
    jobs = jobs_by_path(tmp_path, site.origin)
    assert jobs.keys() == generated.attempts.keys()
    failed = {path for path, job in jobs.items() if job["state"] == "failed"}
    assert failed == generated.paths(Becomes.FAILED)
    assert assert_counts_are_rows(tmp_path) == {"completed": len(jobs) - len(failed), "failed": len(failed)}
    assert_each_ended_once(tmp_path)
    assert_attempts_are_those_of_the_site(sites, tmp_path)


def assert_attempts_are_those_of_the_site(sites: TwoSites, directory: Path) -> None:
    """Attempts are consumed by the answers of the site alone, and what was asked again was lost in between."""
    asked = sites.site.times_asked
    for name, attempt, lost in rows(directory, "SELECT name, attempt, lost FROM job WHERE kind = 'job'"):
        path = name.removeprefix(sites.site.origin)
        declared = sites.generated.declared[path]
        # A kill between a site's 500 and its record leaves the 500 unrecorded, and what comes next is good.
        unseen = lost if len(declared.answers) > 1 else 0
        assert declared.attempts - unseen <= attempt <= declared.attempts, path
        assert attempt <= asked[path] <= attempt + lost, path


def test_the_other_process_takes_over_after_a_kill_without_waiting_for_a_lease(
    sites: TwoSites, tmp_path: Path
) -> None:
    """Two processes crawl one store; what the killed one had in flight is asked for again by the other."""
    site, generated = sites.site, sites.generated
    # Half of what the step may do at once, so that there is something to do for the second.
    (tmp_path / "quaero.toml").write_text("[workers.crawler_url]\nslots = 4\n")
    definition = define(tmp_path, f"{site.origin}/", concurrency=8, retry_attempts=RETRY_ATTEMPTS)
    with ExitStack() as processes:
        with site.stopped(after=ANSWERED):
            victim = processes.enter_context(started("run", definition, cwd=tmp_path))
            site.wait_for_requests(ANSWERED + 4)
            survivor = processes.enter_context(started("work", cwd=tmp_path))
            each_has_four = {victim.pid: 4, survivor.pid: 4}
            until(
                lambda: (
                    site.waiting == 8
                    and {pid: len(jobs) for pid, jobs in _leased(tmp_path).items()} == each_has_four
                ),
                what="work of both at once",
            )
            lost = _leased(tmp_path)[victim.pid]
            kill_group(victim)
            seconds = until(lambda: victim.pid not in _leased(tmp_path), what="the take-over")
        until(
            lambda: (
                rows(tmp_path, "SELECT state FROM job WHERE kind = 'run'") == [("completed_with_failures",)]
            ),
            what="the end of the run",
        )
        assert survivor.poll() is None
    assert seconds < LEASE_SECONDS / 2
    assert {row[0] for row in rows(tmp_path, "SELECT id FROM job WHERE lost > 0")} == lost
    assert document_paths(tmp_path, site.origin) == generated.paths(Becomes.DOCUMENT)
    assert_counts_are_rows(tmp_path)
    assert_each_ended_once(tmp_path)
    assert_attempts_are_those_of_the_site(sites, tmp_path)


def _leased(directory: Path) -> dict[int, set[int]]:
    """The jobs under a lease, by the ids of the processes that hold one."""
    found: dict[int, set[int]] = {}
    query = "SELECT owner.pid, job.id FROM job JOIN owner ON owner.id = job.owner WHERE state = 'running'"
    for process_id, job_id in rows(directory, query):
        found.setdefault(process_id, set()).add(job_id)
    return found
