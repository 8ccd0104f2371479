"""What a page shows when it connects: counts, live runs and the number of the last event, all of one moment."""

import sqlite3
from typing import Any

import msgspec

from actors.ids import id_text
from runtime.gateway.frame import Wanted
from runtime.store.reading.jobs import JobFilter, list_jobs, read_run
from runtime.store.reading.reader import StoreReader
from runtime.store.reading.records import last_event
from runtime.store.reading.statistics import read_statistics

SHOWN_RUNS = 100
"""The newest runs of a snapshot."""


def snapshot(reader: StoreReader, wanted: Wanted) -> tuple[int, dict[str, Any]]:
    """The last event's number and the picture that goes with it: of one run, or of the store."""
    with reader.snapshot() as connection:
        sequence = last_event(connection)
        shown: dict[str, Any] = {"sequence": sequence, "statistics": read_statistics(connection)}
        if wanted.run_id is None:
            shown["runs"] = _newest_runs(connection)
        else:
            shown["run"] = read_run(connection, wanted.run_id)
            shown["run_id"] = id_text(wanted.run_id)
    return sequence, shown


def beginning(reader: StoreReader, wanted: Wanted, cursor: int | None) -> tuple[int, dict[str, Any] | None]:
    """The number that a client goes on after, and what it is shown before; None: it has seen all up to there.

    One that has seen more than there is followed another store, or this one before it was put back: were it to go on
    there, it would miss everything up to that number.
    """
    if cursor is None:
        return snapshot(reader, wanted)
    return again(reader, wanted) if cursor > reader.last_event() else (cursor, None)


def again(reader: StoreReader, wanted: Wanted) -> tuple[int, dict[str, Any]]:
    """A snapshot for a client that missed what is kept no longer."""
    reached, shown = snapshot(reader, wanted)
    return reached, {**shown, "reset": True}


def message_of(shown: dict[str, Any]) -> bytes:
    """A snapshot as a WebSocket's message. Pure."""
    return msgspec.json.encode({"type": "snapshot", "payload": shown})


def _newest_runs(connection: sqlite3.Connection) -> list[dict[str, Any]]:
    return list_jobs(connection, JobFilter(kind="run", limit=SHOWN_RUNS, newest_first=True))
