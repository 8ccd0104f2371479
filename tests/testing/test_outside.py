"""Simulated runtimes that reach the outside: real HTTP on loopback, threads, and the loop of the test itself."""

import asyncio
import threading

from actors.job import JobDefinition, JobState, Step
from actors.worker import JobContext, worker
from runtime.testing import MakeRuntime, SimulatedRuntime
from tests.crawl.generated import tree
from tests.crawl.site import Site
from tests.testing.service import Order


def crawl(site: Site) -> JobDefinition:
    config = {
        "start_urls": [f"{site.origin}/"],
        "max_depth": 5,
        "max_pages": 0,
        "rate_limit": 60_000,
        "allow_private_addresses": True,
    }
    return JobDefinition("site", "Crawl a site", (Step("crawl", "crawl", config),))


def test_a_crawl_that_waits_a_minute_between_pages_takes_no_minutes(quaero: MakeRuntime) -> None:
    with Site(tree(width=3, depth=2)) as site:
        runtime = quaero()
        run = runtime.submit(crawl(site))
        result = run.wait()
        pages = result.counts.completed

        assert result.state is JobState.COMPLETED
        assert pages == len(runtime.documents(run=run)) > 3
        assert result.duration_seconds >= 60 * (pages - 1)
        runtime.restart()  # connections go with the process
        assert runtime.submit(crawl(site)).wait().counts.completed == pages
        runtime.close()  # the site waits for its connections


def test_a_coroutine_is_waited_for_while_its_thread_works(quaero: MakeRuntime) -> None:
    @worker("threaded", timeout_seconds=1.0)
    async def threaded(payload: Order, context: JobContext) -> int:
        return await asyncio.to_thread(work)

    done = threading.Event()
    threading.Timer(0.1, done.set).start()

    def work() -> int:
        done.wait(30.0)
        return 7

    runtime = quaero(workers=[threaded])
    runtime.fan_out(threaded, [Order(1)]).wait()
    assert runtime.jobs(threaded)[0].result == 7
    assert runtime.clock.monotonic() < 1.0


def test_an_async_body_runs_below_the_loop_of_the_test() -> None:
    @worker("sleeping")
    async def sleeping(payload: Order, context: JobContext) -> int:
        await asyncio.sleep(3600)
        return payload.number

    async def test() -> int:
        with SimulatedRuntime(workers=[sleeping]) as runtime:
            run = runtime.fan_out(sleeping, [Order(5)])
            await asyncio.sleep(0)
            return run.wait().counts.completed

    assert asyncio.run(test()) == 1
