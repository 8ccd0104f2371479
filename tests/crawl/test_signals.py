"""Ctrl-C and SIGTERM in the middle of a crawl: the first drains, the second stops at once, and nothing is lost."""

import os
import signal
import subprocess
from pathlib import Path
from time import monotonic

import pytest

from tests.crawl.conftest import TwoSites
from tests.crawl.crawls import (
    a_moment,
    assert_each_ended_once,
    define,
    document_paths,
    end_of,
    jobs_by_path,
    rows,
    running_jobs,
    started,
)
from tests.crawl.generated import RETRY_ATTEMPTS, Becomes

SIGNALS = [signal.SIGINT, signal.SIGTERM]
GRACE_SECONDS = 60.0


@pytest.fixture
def crawl(sites: TwoSites, tmp_path: Path) -> str:
    """The definition of a crawl of the generated site, four pages at once."""
    return define(tmp_path, f"{sites.site.origin}/", concurrency=4, retry_attempts=RETRY_ATTEMPTS)


def stop(process: "subprocess.Popen[str]", number: signal.Signals) -> str:
    """Send the signal; returns what the process says of it, once it has. Until then the site must not be at its end."""
    os.kill(process.pid, number)
    assert process.stderr is not None
    return next(line for line in process.stderr if "stopping" in line)


@pytest.mark.parametrize("number", SIGNALS)
def test_a_signal_drains_the_run_and_work_finishes_it(
    sites: TwoSites, tmp_path: Path, crawl: str, number: signal.Signals
) -> None:
    """What is under way is answered and recorded, nothing new is begun, so that no URL is asked for again."""
    site = sites.site
    site.delay_seconds = 0.05
    with started("run", crawl, cwd=tmp_path) as process:
        with site.stopped(after=60):
            site.wait_for_requests(30)
            told = stop(process, number)
        code, rest = end_of(process)
    assert code == 130, told + rest
    assert "Traceback" not in rest
    assert 30 <= len(site.requests) < len(sites.generated.declared)
    assert running_jobs(tmp_path) == 0
    assert rows(tmp_path, "SELECT state FROM job WHERE kind = 'run'") == [("running",)]
    assert rows(tmp_path, "SELECT count(*) FROM owner") == [(0,)]

    site.delay_seconds = 0.0
    _finish(sites, tmp_path)
    assert site.times_asked == sites.generated.attempts


def test_a_second_signal_stops_at_once_and_work_finishes_the_run(
    sites: TwoSites, tmp_path: Path, crawl: str
) -> None:
    """The site does not answer any more, so a drain would take its whole grace. What runs is given back unconsumed."""
    site = sites.site
    (tmp_path / "quaero.toml").write_text(f"[system]\ngrace_seconds = {GRACE_SECONDS}\n")
    with site.stopped(after=1), started("run", crawl, cwd=tmp_path) as process:
        site.wait_for_requests(5)
        told = stop(process, signal.SIGINT)
        assert process.poll() is None
        a_moment(0.3)
        began = monotonic()
        os.kill(process.pid, signal.SIGINT)
        code, rest = end_of(process)
        seconds = monotonic() - began
    assert code == 130, told + rest
    assert "Traceback" not in rest
    assert seconds < GRACE_SECONDS / 2
    assert running_jobs(tmp_path) == 0
    _finish(sites, tmp_path)


def test_a_signal_drains_work_which_exits_0(sites: TwoSites, tmp_path: Path, crawl: str) -> None:
    """``work`` has done what it was asked when it was asked to stop."""
    site = sites.site
    site.delay_seconds = 0.03
    for arguments, code_expected in ((["run", crawl], 130), (["work"], 0)):
        before = len(site.requests)
        with started(*arguments, cwd=tmp_path) as process:
            with site.stopped(after=before + 40):
                site.wait_for_requests(before + 20)
                told = stop(process, signal.SIGTERM)
            code, rest = end_of(process)
        assert code == code_expected, told + rest
        assert running_jobs(tmp_path) == 0
    _finish(sites, tmp_path)
    assert site.times_asked == sites.generated.attempts


def _finish(sites: TwoSites, directory: Path) -> None:
    """``work --until-idle`` ends the run as if nothing had happened."""
    with started("work", "--until-idle", cwd=directory) as process:
        code, told = end_of(process)
    assert code == 0, told
    origin, generated = sites.site.origin, sites.generated
    assert document_paths(directory, origin) == generated.paths(Becomes.DOCUMENT)
    attempts = {path: job["attempt"] for path, job in jobs_by_path(directory, origin).items()}
    assert attempts == generated.attempts
    assert_each_ended_once(directory)
