"""A small service: what the tests of the kit run."""

import asyncio
from typing import Any

import msgspec

from actors.documents import DocumentSpec
from actors.job import JobDefinition, Page, Step, StepStart
from actors.manager import JobManager
from actors.worker import Cancel, JobContext, PermanentError, RetryableError, Snooze, worker


class Order(msgspec.Struct, frozen=True):
    """One order."""

    number: int
    items: int = 0


class Item(msgspec.Struct, frozen=True):
    """One item of an order."""

    order: int
    place: int


class Greeting(msgspec.Struct, frozen=True):
    """A step's configuration."""

    greeting: str = "hello"


class Shop(msgspec.Struct, frozen=True):
    """The configuration of the manager."""

    orders: int
    per_page: int = 2


@worker("order", max_attempts=3, backoff_seconds=60.0, jitter=0.0)
def order(payload: Order, context: JobContext) -> dict[str, Any]:
    """Take an order, with a job for each item."""
    context.info(f"order {payload.number}")
    for place in range(payload.items):
        context.spawn_child_job("item", Item(payload.number, place), unique_key=f"{payload.number}/{place}")
    context.save_document(DocumentSpec("order", str(payload.number), None, f"Order {payload.number}", "paid"))
    return {"number": payload.number, "greeting": context.config(Greeting).greeting}


@worker("item", spawns=False)
async def item(payload: Item, context: JobContext) -> int:
    """Ship an item, which takes an hour."""
    await asyncio.sleep(3600)
    return payload.place


@worker("inline", dispatcher="core")
def inline(payload: Order, context: JobContext) -> int:
    """Count."""
    return payload.number


@worker("moody", max_attempts=3, backoff_seconds=60.0, jitter=0.0)
def moody(payload: Order, context: JobContext) -> Any:
    """End in the way that the number of items names."""
    context.warning("moody")
    context.spawn_child_job("item", Item(payload.number, 0))
    match payload.items:
        case 1:
            return Snooze(600.0)
        case 2:
            return Cancel("not today")
        case 3:
            raise RetryableError("later", retry_after_seconds=90.0)
        case 4:
            raise PermanentError("never")
        case 5:
            raise ValueError("broken")
        case 6:
            return object()
        case 7:
            raise SystemExit(3)
        case 8:
            context.raise_if_cancelled()
    return context.job.attempt


class ShopManager(JobManager):
    """Names orders, page by page."""

    manager_type = "shop"
    config_type = Shop
    child_types = ("order",)

    def create_children(self, step: StepStart, cursor: str | None) -> Page:
        """The next orders."""
        config = msgspec.convert(step.step.config, Shop)
        first = int(cursor or 0)
        last = min(first + config.per_page, config.orders)
        children = tuple(self.child("order", Order(number)) for number in range(first, last))
        return Page(children, str(last) if last < config.orders else None)

    @classmethod
    def problems(cls, step: Step) -> list[tuple[str, str]]:
        """Orders are countable."""
        return [] if step.config["orders"] >= 0 else [("orders", "must be 0 or more")]


WORKERS = [order, item, inline, moody]


def shop(orders: int = 3, **options: Any) -> JobDefinition:
    """A definition of one step."""
    step = Step("orders", "shop", {"orders": orders})
    return JobDefinition("shop", "Shop", (step,), **options)
