"""How many jobs of each type have ended lately: read from the newest events, of which there are few in some seconds.

Jobs have no index by the time of their end, which every end would have to pay for.
"""

import sqlite3

import msgspec

from actors.job import JobState
from runtime.store.events import STATUS_CHANGE, decode_groups, is_of_jobs

WINDOW_MS = 10_000
"""How far back is looked."""

MOST_ENDS = 20_000
"""Ends that are looked at; where there are more, the time is shorter."""

STATES = (JobState.COMPLETED, JobState.FAILED, JobState.CANCELLED)

_NEWEST = "SELECT time_ms, batch FROM event_batch ORDER BY first_seq DESC"
_BY_TYPE = """
SELECT job.type, count(*) FROM json_each(?) CROSS JOIN main.job AS job ON job.id = value GROUP BY job.type
"""


class RecentEnds(msgspec.Struct, frozen=True):
    """Ends of single jobs after ``since_ms``; a job that was retried has ended each time."""

    since_ms: int
    until_ms: int
    by_type: dict[str, dict[str, int]]  # of those that had some: by state

    @property
    def seconds(self) -> float:
        """How long that is."""
        return max(self.until_ms - self.since_ms, 1) / 1000


def read_ends(
    connection: sqlite3.Connection, now_ms: int, *, window_ms: int = WINDOW_MS, most: int = MOST_ENDS
) -> RecentEnds:
    """The ends of the last seconds."""
    since_ms, found, number = now_ms - window_ms, {state: list[int]() for state in STATES}, 0
    for time_ms, batch in connection.execute(_NEWEST):
        if time_ms <= since_ms:
            break
        try:
            groups = decode_groups(batch)
        except (msgspec.MsgspecError, UnicodeDecodeError):  # a damaged row is told of by those who need it
            continue
        for group in groups:
            state = group.data.get("state")
            if group.type == STATUS_CHANGE and state in found and is_of_jobs(group):
                found[JobState(state)] += group.job_ids
                number += len(group.job_ids)
        if number >= most:
            since_ms = time_ms - 1
            break
    by_type: dict[str, dict[str, int]] = {}
    for state, ids in found.items():
        for job_type, ended in connection.execute(_BY_TYPE, (msgspec.json.encode(ids).decode(),)):
            by_type.setdefault(job_type, dict.fromkeys(STATES, 0))[state] = ended
    return RecentEnds(since_ms, now_ms, by_type)
