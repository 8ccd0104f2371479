"""How a service tests its jobs: one body alone, the whole runtime on virtual time, and a scenario under faults.

Run it: ``pytest docs/examples/test_charging.py``. A service has its workers in modules of its own; here they stand
above the tests.
"""

import asyncio
from typing import Protocol

import msgspec
import pytest

from actors.job import JobDefinition, Page, Step, StepStart
from actors.manager import JobManager
from actors.worker import JobContext, RetryableError, worker
from runtime.testing import MakeRuntime, SimulatedRuntime, name_all, perform, simulate

# -- the service ------------------------------------------------------------------------------------------------------


class Charge(msgspec.Struct, frozen=True):
    """Charge one customer."""

    customer: str
    cents: int


class Receipt(msgspec.Struct, frozen=True):
    """Send one receipt."""

    customer: str


class BankBusyError(Exception):
    """The bank asks to come back later."""


class Bank(Protocol):
    """The bank's API. It charges once per key, however often it is called."""

    def charge(self, customer: str, cents: int, *, key: str) -> None:
        """Charge, or raise ``BankBusyError``."""


@worker("charge", max_attempts=5, backoff_seconds=30.0)
def charge(payload: Charge, context: JobContext) -> int:
    """Charge, and have a receipt sent. It may run twice; thanks to the key the customer pays once."""
    bank: Bank = context.resource("bank")
    try:
        bank.charge(payload.customer, payload.cents, key=context.idempotency_key)
    except BankBusyError as error:
        raise RetryableError("the bank is busy", retry_after_seconds=300.0) from error
    context.info(f"charged {payload.customer}")
    context.spawn_child_job("receipt", Receipt(payload.customer), unique_key=f"receipt {payload.customer}")
    return payload.cents


@worker("receipt", spawns=False)
async def receipt(payload: Receipt, context: JobContext) -> str:
    """Send a receipt, not before the customer has had an hour to think."""
    await asyncio.sleep(3600)
    return f"to {payload.customer}"


class Billing(msgspec.Struct, frozen=True):
    """The configuration of the action."""

    customers: tuple[str, ...]
    cents: int = 500


class BillingManager(JobManager):
    """Names one charge per customer."""

    manager_type = "billing"
    config_type = Billing
    child_types = ("charge",)

    def create_children(self, step: StepStart, cursor: str | None) -> Page:
        """All charges in one page."""
        config = msgspec.convert(step.step.config, Billing)
        charges = (Charge(customer, config.cents) for customer in config.customers)
        return Page(
            tuple(self.child("charge", each, unique_key=f"charge {each.customer}") for each in charges)
        )


NIGHTLY = JobDefinition(
    id="nightly",
    name="Nightly billing",
    steps=(Step("bill", "billing", {"customers": ["ann", "bob"]}),),
    schedule="0 3 * * *",
)

# -- its tests --------------------------------------------------------------------------------------------------------

WORKERS = [charge, receipt]


class FakeBank:
    """Stands for the bank, and remembers what it was asked."""

    def __init__(self, *, busy: int = 0) -> None:
        self.paid: dict[str, int] = {}  # by key
        self.calls = 0
        self._busy = busy

    def charge(self, customer: str, cents: int, *, key: str) -> None:
        """Charge once per key; the first calls find it busy."""
        self.calls += 1
        if self.calls <= self._busy:
            raise BankBusyError(customer)
        self.paid.setdefault(key, cents)


@pytest.fixture
def bank() -> FakeBank:
    """The bank of one test."""
    return FakeBank()


@pytest.fixture
def runtime(quaero: MakeRuntime, bank: FakeBank) -> SimulatedRuntime:
    """The service's runtime, on virtual time."""
    return quaero(workers=WORKERS, managers=[BillingManager], resources={"bank": bank})


def test_a_charge_asks_for_a_receipt(bank: FakeBank) -> None:
    done = perform(charge, Charge("ann", 500), resources={"bank": bank})

    assert done.result == 500
    assert done.log_texts() == ["charged ann"]
    done.assert_spawned(receipt, Receipt("ann"), count=1)


def test_a_busy_bank_is_asked_again_after_five_minutes() -> None:
    failed = perform(charge, Charge("ann", 500), resources={"bank": FakeBank(busy=1)})

    assert failed.retry_in_seconds == 300.0
    assert isinstance(failed.error, Exception)
    assert not failed.children


def test_a_receipt_waits_for_an_hour_that_takes_no_time() -> None:
    assert perform(receipt, Receipt("ann")).result == "to ann"


def test_every_customer_is_named() -> None:
    named = name_all(BillingManager, {"customers": ["ann", "bob"]})
    assert [child.payload["customer"] for child in named] == ["ann", "bob"]


def test_what_a_request_submits(runtime: SimulatedRuntime, bank: FakeBank) -> None:
    runtime.fan_out(charge, [Charge("ann", 500)])

    runtime.assert_enqueued(charge, {"customer": "ann"}, count=1)
    assert bank.calls == 0  # nothing runs before it is waited for
    runtime.run_until_idle()
    assert bank.calls == 1
    runtime.assert_enqueued(receipt, state="completed")


def test_the_bill_of_the_night(runtime: SimulatedRuntime, bank: FakeBank) -> None:
    runtime.schedule(NIGHTLY)
    runtime.advance(hours=2, minutes=59)
    assert bank.calls == 0
    runtime.advance(minutes=1)
    assert sorted(bank.paid.values()) == [500, 500]
    runtime.advance(days=29)
    assert len(runtime.runs("nightly")) == 30


def test_a_bank_that_is_busy_twice(quaero: MakeRuntime) -> None:
    runtime = quaero(workers=WORKERS, resources={"bank": FakeBank(busy=2)})
    run = runtime.fan_out(charge, [Charge("ann", 500)])

    assert run.wait().counts.completed == 2
    assert runtime.jobs(charge)[0].attempt == 3
    assert (runtime.now.hour, runtime.now.minute) == (1, 10)  # two waits of five minutes, and the hour


def paying_once(quaero: MakeRuntime) -> None:
    """Whatever dies meanwhile: every customer pays once, and gets a receipt."""
    bank = FakeBank(busy=1)
    runtime = quaero(workers=WORKERS, managers=[BillingManager], resources={"bank": bank})
    run = runtime.submit(NIGHTLY)

    assert run.wait().counts.completed == 4
    assert sorted(bank.paid.values()) == [500, 500]


def test_every_customer_pays_once_whatever_dies() -> None:
    simulate(paying_once, seeds=20)
