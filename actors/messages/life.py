"""The runtime's life, and what goes to those outside."""

from typing import Any

import msgspec

from actors.messages.from_store import ParentPicture
from actors.messages.kinds import Command, Report
from actors.receive import Address


class Wiring(Command, frozen=True):
    """The addresses of the runtime's own actors. Sent again whenever one of them was restarted."""

    supervisor: Address
    store: Address
    events: Address
    processor: Address
    scheduler: Address
    lease_seconds: float
    managers: dict[str, Address]


class Rung(Report, frozen=True):
    """Another runtime on the store rang, after a commit that concerns this one: the store looks."""


class Start(Command, frozen=True):
    """Start the runtime. Answered by ``Started``, or ``Refused``."""


class Started(Report, frozen=True):
    """The store is open and every actor of the runtime runs."""

    wiring: Wiring


class Drain(Command, frozen=True):
    """Take no more work; running attempts get the grace, what remains is given back. Answered by ``Drained``."""

    grace_seconds: float
    fill_index: bool = False


class Drained(Report, frozen=True):
    """Nothing runs any more and the store is closed."""

    given_back: int


class Event(msgspec.Struct, frozen=True):
    """Something that happened, in the order of the commits."""

    seq: int
    type: str
    run_id: int
    job_id: int
    time_ms: int
    data: dict[str, Any]


class ParentProgress(Report, frozen=True):
    """The live picture of a parent, published by its orchestrator after a commit and never stored."""

    picture: ParentPicture
