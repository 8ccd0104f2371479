"""How the events of one commit are stored: one row, one blob, one range of sequence numbers.

Transitions of many jobs to one state in one run are one group of ids, so an event costs bytes and no index update.
"""

import sqlite3
from collections.abc import Iterator
from typing import Any

import msgspec

from actors.ids import id_text
from actors.messages import Event

STATUS_CHANGE = "job_status_change"

OF_JOBS = frozenset({"job_spawn", "document_saved", "document_updated"})
"""Types that always tell of a single job."""


class EventGroup(msgspec.Struct, frozen=True, array_like=True):
    """Events alike but for their job. Each id takes one number of the sequence."""

    type: str
    run_id: int
    job_ids: list[int]
    data: dict[str, Any]

    @property
    def definition_id(self) -> str:
        """Of the run, where it was recorded: see ``EventLog.name_definitions``."""
        return str(self.data.get("definition_id", ""))


class StoredBatch(msgspec.Struct, frozen=True, array_like=True):
    """The events of one commit as they are stored, not yet decoded."""

    first_seq: int
    last_seq: int
    time_ms: int
    groups_hex: str

    @property
    def run_ids(self) -> set[int]:
        """The runs it tells of; 0 is none."""
        return {group.run_id for group in decode_groups(bytes.fromhex(self.groups_hex))}

    def events(self, *, of_parents_only: bool = False) -> Iterator[Event]:
        """They, in order; ``of_parents_only`` leaves out what is of single jobs."""
        groups = bytes.fromhex(self.groups_hex)
        return decode_batch(self.first_seq, self.time_ms, groups, of_parents_only=of_parents_only)


_DEFINITIONS = """
SELECT id, CAST(type AS BLOB) FROM job WHERE id IN (SELECT value FROM json_each(?)) AND kind = 'run'
"""
_encoder = msgspec.msgpack.Encoder()
_decoder = msgspec.msgpack.Decoder(list[EventGroup])


class EventLog:
    """Collects the events of one transaction in order."""

    def __init__(self) -> None:
        self._groups: list[EventGroup] = []
        self.count = 0

    def status(self, run_id: int, state: str, job_ids: list[int], **data: Any) -> None:
        """These jobs reached that state."""
        if job_ids:
            self._groups.append(EventGroup(STATUS_CHANGE, run_id, job_ids, {"state": state, **data}))
            self.count += len(job_ids)

    def add(self, event_type: str, run_id: int, job_id: int, data: dict[str, Any]) -> None:
        """Any other event."""
        self.add_many(event_type, run_id, [job_id], data)

    def add_many(self, event_type: str, run_id: int, job_ids: list[int], data: dict[str, Any]) -> None:
        """The same event of each of these jobs."""
        self._groups.append(EventGroup(event_type, run_id, job_ids, data))
        self.count += len(job_ids)

    def name_definitions(self, connection: sqlite3.Connection) -> None:
        """Record of which definitions the runs are: webhooks ask for it when the runs may be erased already."""
        runs = msgspec.json.encode(list({group.run_id for group in self._groups if group.run_id})).decode()
        known = {
            run_id: name.decode(errors="replace")
            for run_id, name in connection.execute(_DEFINITIONS, (runs,)).fetchall()
        }
        self._groups = [
            msgspec.structs.replace(group, data={**group.data, "definition_id": known[group.run_id]})
            if group.run_id in known
            else group
            for group in self._groups
        ]

    def encode(self) -> bytes:
        """The blob to store."""
        return _encoder.encode(self._groups)


def decode_batch(
    first_seq: int, time_ms: int, batch: bytes, *, of_parents_only: bool = False
) -> Iterator[Event]:
    """The events of a stored row, in order; ``of_parents_only`` leaves out what is of single jobs."""
    seq = first_seq
    for group in _decoder.decode(batch):
        if of_parents_only and is_of_jobs(group):
            seq += len(group.job_ids)
            continue
        for job_id in group.job_ids:
            yield Event(seq, group.type, group.run_id, job_id, time_ms, group.data)
            seq += 1


def decode_groups(batch: bytes) -> list[EventGroup]:
    """The groups of a stored row, in order."""
    return _decoder.decode(batch)


def is_of_jobs(event: EventGroup | Event) -> bool:
    """Whether it tells of single jobs, rather than of a run, a step or a schedule."""
    parent_id = event.data.get("parent_id")
    return event.type in OF_JOBS or (parent_id is not None and parent_id != event.run_id)


def event_object(event: Event) -> dict[str, Any]:
    """The event as JSON shows it. What concerns no run, as the pause of a type, has no ids."""
    return {
        "seq": event.seq,
        "type": event.type,
        "run_id": id_text(event.run_id) if event.run_id else None,
        "job_id": id_text(event.job_id) if event.job_id else None,
        "time": event.time_ms,
        "data": _shown(event.data),
    }


def _shown(data: dict[str, Any]) -> dict[str, Any]:
    """Ids are texts wherever JSON shows them: a number of 63 bits is none in every language."""
    parent_id = data.get("parent_id")
    return data if parent_id is None else {**data, "parent_id": id_text(parent_id)}
