"""The supervisor's children: which actors a runtime is made of, and how they are told of each other. Pure."""

from collections.abc import Callable, Mapping
from typing import Any

from actors.manager.actor import ManagerActor
from actors.messages import Wiring
from actors.processor import JobProcessor
from actors.receive import Address, TypedActor
from actors.scheduler import Scheduler

_MANAGER = "manager "


def kinds_of(resource: Callable[[str], Any]) -> dict[str, type[TypedActor]]:
    """The actors by name, but for the store's, which comes before them."""
    kinds: dict[str, type[TypedActor]] = {
        "events": resource("events_actor"),
        "processor": JobProcessor,
        "scheduler": Scheduler,
    }
    kinds.update((f"{_MANAGER}{action}", ManagerActor) for action in resource("managers"))
    return kinds


def wiring_of(supervisor: Address, children: Mapping[str, Address], lease_seconds: float) -> Wiring:
    """What each of them is to know of the others."""
    return Wiring(
        supervisor=supervisor,
        store=children["store"],
        events=children["events"],
        processor=children["processor"],
        scheduler=children["scheduler"],
        lease_seconds=lease_seconds,
        managers={
            name.removeprefix(_MANAGER): address
            for name, address in children.items()
            if name.startswith(_MANAGER)
        },
    )
