"""The checksum over a job's immutable columns: a damaged row ends its job, it is never executed."""

import sqlite3
from typing import TypeVar
from zlib import crc32

import msgspec

T = TypeVar("T")


def job_checksum(job_id: int, parent_id: int | None, job_type: str, payload: str) -> int:
    """crc32 over id, parent, type and payload."""
    return crc32(f"{job_id}\0{parent_id}\0{job_type}\0{payload}".encode("utf-8", "surrogatepass"))


def schedule_checksum(schedule_id: bytes, cron: bytes, time_zone: bytes, definitions: bytes) -> int:
    """crc32 over what a schedule's firing makes a run of."""
    return crc32(b"\0".join((schedule_id, cron, time_zone, definitions)))


def intact_payload(connection: sqlite3.Connection, job_id: int) -> str | None:
    """The job's payload, or None if its row does not match its checksum."""
    # As bytes: a flipped bit may leave what is no UTF-8, and the driver would refuse to hand it out.
    parent_id, job_type, payload, crc = connection.execute(
        "SELECT parent_id, CAST(type AS BLOB), CAST(payload AS BLOB), crc FROM job WHERE id = ?", (job_id,)
    ).fetchone()
    try:
        text: str = payload.decode()
        whole = job_checksum(job_id, parent_id, job_type.decode(), text) == crc
    except UnicodeDecodeError:
        return None
    return text if whole else None


def intact(connection: sqlite3.Connection, job_id: int, kind: type[T]) -> T | None:
    """The job's payload as what it is said to be; None if its row does not match its checksum, or is no such thing."""
    payload = intact_payload(connection, job_id)
    try:
        return None if payload is None else msgspec.json.decode(payload, type=kind)
    except (msgspec.DecodeError, RecursionError):
        return None
