"""What a commit has in it for the other runtimes on the store. Pure."""

from collections.abc import Iterable, Sequence
from enum import IntFlag
from typing import Any

from actors.job import JobKind
from actors.messages import (
    ExtendLeases,
    GiveBack,
    NameChildren,
    NamingFailed,
    Settle,
    StagePage,
    Submit,
)
from runtime.store.commit import Commit

_ROUTINE = (Settle, NameChildren, NamingFailed, Submit, StagePage, ExtendLeases, GiveBack)
"""What these leave to others is seen in the rows they touched; any other request is somebody's word to all."""


class Concern(IntFlag):
    """What others are rung for; fits one byte."""

    WORK = 1
    """Ready work was left over."""
    STOP = 2
    """Something that runs elsewhere may have to end."""
    END = 4
    """A run has ended; somebody may wait for it elsewhere."""
    ARRIVAL = 8
    """A runtime has opened the store."""


EVERYTHING = Concern.WORK | Concern.STOP | Concern.END | Concern.ARRIVAL


def concern_of(requests: Sequence[Any], commits: Iterable[Commit]) -> Concern:
    """What others are to be told of these requests and of what was committed for them."""
    if not all(isinstance(each, _ROUTINE) for each in requests):
        return EVERYTHING
    found = Concern(0)
    for done in commits:
        # One that changed nothing left over only what others know of: two busy runtimes would ring for ever.
        if done.more and done.touched:
            found |= Concern.WORK
        if done.cancelled_jobs:
            found |= Concern.STOP
        for row in done.touched:
            if row.ended:
                if row.kind == JobKind.RUN:
                    found |= Concern.END
            elif row.closing is not None:
                found |= Concern.STOP
            elif row.naming == "ready":
                found |= Concern.WORK
    return found
