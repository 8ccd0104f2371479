"""What a listener wants of the events, and the frames in which it gets them. Pure."""

from functools import cached_property

import msgspec

from runtime.events.cloud_events import Encoded, envelope, sent_event
from runtime.gateway.framing import text_frame


class Wanted(msgspec.Struct, frozen=True):
    """What a listener wants. ``latest``: of each job and type only the last, when several wait."""

    run_id: int | None = None
    types: frozenset[str] = frozenset()  # none = all
    latest: bool = False
    of_parents_only: bool = False  # nothing of single jobs

    def takes(self, event: Encoded) -> bool:
        """Whether it wants that one."""
        return (
            (self.run_id is None or event.run_id == self.run_id)
            and (not self.types or event.type in self.types)
            and not (self.of_parents_only and event.of_job)
        )


class Frame:
    """Events that go out together. Made for all listeners at one place, so written out once."""

    def __init__(self, events: list[Encoded]) -> None:
        self.events = events

    def __repr__(self) -> str:
        return f"<Frame(events={len(self.events)})>"

    @cached_property
    def envelope(self) -> bytes:
        """As a WebSocket's message."""
        return envelope(self.events)

    @cached_property
    def text(self) -> str:
        """The same as a text, which is what ASGI wants."""
        return self.envelope.decode()

    @cached_property
    def websocket(self) -> bytes:
        """The same as it goes over the wire."""
        return text_frame(self.envelope)

    @cached_property
    def stream(self) -> bytes:
        """As a stream of server-sent events has it."""
        return b"".join(map(sent_event, self.events))


def latest(events: list[Encoded]) -> list[Encoded]:
    """Of each type and job the last, in the order of those. Pure."""
    last = {(each.type, each.job_id): each for each in events}
    chosen = {id(each) for each in last.values()}
    return [each for each in events if id(each) in chosen]
