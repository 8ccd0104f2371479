"""Following a store from a process without a runtime: look again when something was committed."""

from collections.abc import Iterator
from threading import Event
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from runtime.store.reading.reader import StoreReader

LOOK_SECONDS = 0.2
"""How often a follower asks whether there is something new: a read of one row."""

FollowOption = Annotated[bool, typer.Option("--follow", "-f", help="Go on with what is new.")]


def commits(reader: "StoreReader", *, follow: bool) -> Iterator[None]:
    """Once at first; with ``follow`` again after each commit that left events, without end.

    Every commit that changes a job, saves a document or adds a log line leaves events; heartbeats do not.
    """
    never = Event()
    while True:
        seen = reader.last_event()  # before the reader looks: a commit meanwhile is found the next time
        yield
        if not follow:
            return
        while reader.last_event() == seen:
            never.wait(LOOK_SECONDS)
