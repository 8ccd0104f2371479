"""Events as CloudEvents 1.0 in JSON, with the extensions ``sequence``, ``correlationid`` and ``causationid``. Pure.

https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/formats/json-format.md
"""

from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

import msgspec

from actors.ids import id_text
from actors.job import Counts, JobState
from actors.messages import Event
from runtime.store.events import event_object, is_of_jobs
from runtime.store.reading.objects import counts_object, progress_object

PROGRESS = "parent_job_progress"
"""Never stored, so without a number: the last one of each parent is all there is."""


class Encoded(msgspec.Struct, frozen=True, gc=False):
    """An event, encoded once for everybody. ``seq`` 0: it is not stored."""

    seq: int
    type: str
    run_id: int
    job_id: int
    body: bytes
    of_job: bool = False  # of a single job


def encoded(event: Event, source: str) -> Encoded:
    """A stored event. What caused it: the job that spawned its own, else the one above."""
    shown = event_object(event)
    data = shown["data"]
    run, job = shown["run_id"], shown["job_id"]
    subject = job or run
    body = _STORED % (
        event.seq,
        _json(source),
        _json(event.type),
        b'"subject":"%s",' % subject.encode() if subject else b"",
        time_of(event.time_ms).encode(),
        event.seq,
        (run or "").encode(),
        _json(data.get("spawned_by") or data.get("parent_id") or run or ""),
        _json({"run_id": run, "job_id": job, **data}),
    )
    return Encoded(event.seq, event.type, event.run_id, event.job_id, body, is_of_jobs(event))


_STORED = (
    b'{"specversion":"1.0","id":"%d","source":%s,"type":%s,%s"time":"%s","datacontenttype":"application/json",'
    b'"sequence":"%020d","correlationid":"%s","causationid":%s,"data":%s}'
)
"""Written out by hand: there are thousands a second, and each moment of it is taken from the runtime's own threads."""


class Progress(msgspec.Struct, frozen=True):
    """How far a run or step is; of a run, all jobs below its steps."""

    job_id: int
    run_id: int
    state: JobState
    counts: Counts
    total_final: bool


def encoded_progress(progress: Progress, source: str, at_ms: int) -> Encoded:
    """The progress of a parent."""
    shown = progress_object(progress.counts, total_final=progress.total_final, ended=progress.state.terminal)
    job, run = id_text(progress.job_id), id_text(progress.run_id)
    attributes = {
        "specversion": "1.0",
        "id": f"{job}-{at_ms}",
        "source": source,
        "type": PROGRESS,
        "subject": job,
        "time": time_of(at_ms),
        "datacontenttype": "application/json",
        "correlationid": run,
        "causationid": run,
        "data": {
            "run_id": run,
            "job_id": job,
            "status": progress.state,
            "counts": counts_object(progress.counts),
            "progress": shown,
            "progress_text": shown["text"],
        },
    }
    return Encoded(0, PROGRESS, progress.run_id, progress.job_id, _json(attributes))


@lru_cache(maxsize=1024)
def time_of(time_ms: int) -> str:
    """RFC 3339, in UTC."""
    return (
        datetime.fromtimestamp(time_ms / 1000, tz=UTC)
        .isoformat(timespec="milliseconds")
        .replace("+00:00", "Z")
    )


def sent_event(event: Encoded) -> bytes:
    """The event as a stream of server-sent events has it."""
    number = b"id: %d\n" % event.seq if event.seq else b""
    return number + b"event: %s\ndata: %s\n\n" % (event.type.encode(), event.body)


def envelope(events: list[Encoded]) -> bytes:
    """One envelope for a WebSocket, of the event or of all of them."""
    each = [b'{"type":%s,"payload":%s}' % (_json(event.type), event.body) for event in events]
    return each[0] if len(each) == 1 else b'{"type":"batch","payload":[%s]}' % b",".join(each)


def _json(value: Any) -> bytes:
    return msgspec.json.encode(value)
