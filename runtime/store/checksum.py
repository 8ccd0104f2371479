"""The checksum over a job's immutable columns: a damaged row ends its job, it is never executed."""

from zlib import crc32


def job_checksum(job_id: int, parent_id: int | None, job_type: str, payload: str) -> int:
    """crc32 over id, parent, type and payload."""
    return crc32(f"{job_id}\0{parent_id}\0{job_type}\0{payload}".encode("utf-8", "surrogatepass"))
