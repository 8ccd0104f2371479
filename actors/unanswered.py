"""Requests to the store that must be recorded, however often the store's actor dies before it answers. Pure.

Each gets a number and is kept until the answer bears that number. Whoever holds them sends all that are left to a new
store actor: a request that was recorded twice changes nothing the second time, but for leases given back once more.
"""

from collections.abc import Iterator

import msgspec

from actors.messages import CloseParent, GiveBack, Recorded


class Unanswered:
    """The requests that were sent and not answered yet, in the order in which they were made."""

    def __init__(self) -> None:
        self._requests: dict[int, GiveBack | CloseParent] = {}
        self._last = 0

    def __repr__(self) -> str:
        return f"<Unanswered({len(self._requests)})>"

    def __len__(self) -> int:
        return len(self._requests)

    def __iter__(self) -> Iterator[GiveBack | CloseParent]:
        return iter(tuple(self._requests.values()))

    def add(self, request: GiveBack | CloseParent) -> GiveBack | CloseParent:
        """Keep the request; returns it as it is to be sent, with its number."""
        self._last += 1
        numbered = msgspec.structs.replace(request, number=self._last)
        self._requests[self._last] = numbered
        return numbered

    def answered(self, answer: Recorded) -> None:
        """That one is durable. The answer to one that is not kept any more says nothing new."""
        self._requests.pop(answer.number, None)
