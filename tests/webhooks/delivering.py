"""A webhook to a receiver of the test's own, work that it hears of, and what became of its deliveries."""

import threading
from typing import Any

from runtime import Runtime
from runtime.store.reading.jobs import JobFilter
from tests.embedding.processes import until
from tests.embedding.workers import Number
from tests.webhooks.receiver import Receiver

WAIT = 100.0


def send_to(runtime: Runtime, receiver: Receiver, name: str = "ops", **more: Any) -> str:
    """A webhook to the receiver; returns its secret."""
    done = runtime.set_webhook(name, receiver.url, allow_private_addresses=True, **more)
    assert done.secret is not None
    return done.secret


def work(runtime: Runtime, number: int = 2) -> int:
    """A run that has ended."""
    run = runtime.fan_out("double", [Number(each) for each in range(number)])
    run.wait(WAIT)
    return run.number


def work_in_one_burst(runtime: Runtime, receiver: Receiver, deliveries: int = 12) -> int:
    """As ``work``, and no delivery is answered before all of them are there, so that they are children of one run."""
    receiver.hold = threading.Event()
    run = work(runtime)
    until(lambda: len(jobs(runtime)) == deliveries, seconds=WAIT, what=f"{deliveries} deliveries")
    receiver.hold.set()
    return run


def jobs(runtime: Runtime, name: str = "ops") -> list[dict[str, Any]]:
    """The deliveries of a webhook."""
    found = runtime.reader.jobs(JobFilter(kind="job", type="webhook_delivery"))
    return [job for job in found if job["payload"]["webhook"] == name]


def settled(runtime: Runtime, number: int, name: str = "ops") -> list[dict[str, Any]]:
    """So many deliveries, once all have ended."""

    def ended() -> bool:
        states = [job["state"] for job in jobs(runtime, name)]
        return len(states) == number and not {"pending", "running", "scheduled"} & set(states)

    until(ended, seconds=WAIT, what=f"the end of {number} deliveries")
    return jobs(runtime, name)
