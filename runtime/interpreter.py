"""Tunes the interpreter where the process is the runtime's own: ``quaero run``, ``work`` and ``bench``.

A host's interpreter is left alone.
Measured in docs/decisions/0007-precedence.md and 0009-garbage-collection.md.
"""

import gc
import sys
from collections.abc import Callable

SWITCH_SECONDS = 0.0005
"""A thread that comes back from SQLite waits that long for the interpreter lock while another computes; with Python's
default of 5 ms the store spends half its time waiting."""

COLLECTION_THRESHOLDS = (20_000, 20, 20)
"""Python's default is a collection after every 700 new objects, and a full one whenever a quarter more are alive: with
thousands of live actors that is a tenth of all time, and every thread stands still meanwhile."""


def tune() -> Callable[[], None]:
    """Set both; returns what puts them back as they were."""
    switch, thresholds = sys.getswitchinterval(), gc.get_threshold()
    sys.setswitchinterval(SWITCH_SECONDS)
    gc.collect()
    gc.freeze()  # what is loaded by now stays to the end: no collection need look at it
    gc.set_threshold(*COLLECTION_THRESHOLDS)

    def put_back() -> None:
        sys.setswitchinterval(switch)
        gc.set_threshold(*thresholds)
        gc.unfreeze()

    return put_back
