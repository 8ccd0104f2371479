"""The scheduler's timers, in the order in which others can notice them."""

from typing import Any

import pytest

from actors.messages import NextDue, Wiring
from actors.scheduler import LOOK_SECONDS, PRUNE_SECONDS, Look, LookForOld, Scheduler, Tend
from actors.seams import ManualClock

LEASE_SECONDS = 30.0
TEND_SECONDS = 10.0
DUE_SECONDS = 3.0


class NotedTimers:
    """When each timer comes due."""

    def __init__(self, clock: ManualClock) -> None:
        self._clock = clock
        self.due: dict[str, float] = {}

    def start(self, key: str, seconds: float, _message: object) -> None:
        self.due[key] = self._clock.monotonic() + seconds

    def cancel(self, key: str) -> None:
        self.due.pop(key, None)


class Hurried(Scheduler):
    """One whose clock moves on by an hour as soon as it has told the store something."""

    def __init__(self) -> None:
        super().__init__()
        self.clock = ManualClock()
        self._timers: Any = NotedTimers(self.clock)

    def send(self, address: Any, message: object) -> None:
        self.clock.advance(3600.0)

    def resource(self, name: str) -> Any:
        return {"clock": self.clock}[name]


@pytest.mark.parametrize(
    ("message", "wanted"),
    [
        (Tend(), {"tend": TEND_SECONDS, "due": DUE_SECONDS}),
        (Look(), {"look": LOOK_SECONDS}),
        (LookForOld(), {"prune": PRUNE_SECONDS}),
        (
            Wiring("", "store", "", "", "", LEASE_SECONDS, {}),
            {"tend": TEND_SECONDS, "due": DUE_SECONDS, "look": LOOK_SECONDS, "prune": 0.0},
        ),
    ],
)
def test_the_next_round_is_due_by_the_time_of_this_one_however_soon_the_clock_moves_on(
    message: Any, wanted: dict[str, float]
) -> None:
    scheduler = Hurried()
    scheduler.receiveMsg_Wiring(Wiring("", "store", "", "", "", LEASE_SECONDS, {}), "supervisor")
    now, timers = scheduler.clock.monotonic(), scheduler._timers
    scheduler.receiveMsg_NextDue(NextDue(scheduler.clock.wall_ms() + int(DUE_SECONDS * 1000)), "the store")
    timers.due.clear()
    scheduler.deliver(message, "somebody")

    assert scheduler.clock.monotonic() == now + 3600.0
    assert timers.due == {key: now + seconds for key, seconds in wanted.items()}
