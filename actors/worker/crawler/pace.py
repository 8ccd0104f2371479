"""Pace: how far apart requests to one host are sent, as the host sees them.

The store's lease keeps jobs of one host apart, over all runtimes. What lies between a lease and its request (another
page that keeps the loop busy, a name to look up, a connection to open) differs from job to job, so a late request
could be followed by the next at once. Here the moment counts at which a request is written. Within one process that is
exact; between processes it is as exact as their leases.
"""

import asyncio
from collections import OrderedDict
from dataclasses import dataclass

from actors.seams import Clock

MAX_HOSTS = 4096
"""Hosts remembered; of more, the one that was asked longest ago is forgotten."""
LONGEST_WAIT_SECONDS = 5.0
"""A body that would wait longer gives its slot back instead."""


class TooSoonError(Exception):
    """The host may be asked only after ``seconds``: longer than a body should hold its slot."""

    def __init__(self, seconds: float) -> None:
        super().__init__(f"the host may be asked again in {seconds:.1f} s")
        self.seconds = seconds


@dataclass(slots=True)
class _Host:
    sent_at: float  # when the last request was written
    booked_until: float  # when the last one that is waiting may be


class Pace:
    """Spaces requests. Used on one loop."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._hosts: OrderedDict[str, _Host] = OrderedDict()

    def __repr__(self) -> str:
        return f"<Pace(hosts={len(self._hosts)})>"

    def turn(self, host: str, interval_seconds: float) -> "Turn":
        """The next turn to ask the host, so far behind the one before.

        Raises:
            TooSoonError: that is too far ahead; no turn was taken.
        """
        now = self._clock.monotonic()
        known = self._hosts.get(host)
        if known is None:
            known = self._hosts[host] = _Host(float("-inf"), float("-inf"))
            if len(self._hosts) > MAX_HOSTS:
                self._hosts.popitem(last=False)
        self._hosts.move_to_end(host)
        if interval_seconds <= 0:
            return Turn(self._clock, known, now, 0.0)
        at = max(now, known.sent_at + interval_seconds, known.booked_until + interval_seconds)
        if at - now > LONGEST_WAIT_SECONDS:
            raise TooSoonError(at - now)
        known.booked_until = max(at, known.booked_until)
        return Turn(self._clock, known, at, interval_seconds)


@dataclass(slots=True)
class Turn:
    """The right to send one request."""

    _clock: Clock
    _host: _Host
    _at: float
    _interval_seconds: float

    async def begin(self) -> None:
        """Wait until a connection may be looked for."""
        await asyncio.sleep(max(self._at - self._clock.monotonic(), 0.0))

    async def send(self) -> None:
        """Wait until the request may be written, and take that as the moment it was. Called right in front of it."""
        while True:
            now = self._clock.monotonic()
            wait = max(self._at, self._host.sent_at + self._interval_seconds) - now
            if wait <= 0 or self._interval_seconds <= 0:
                self._host.sent_at = now
                return
            await asyncio.sleep(wait)
