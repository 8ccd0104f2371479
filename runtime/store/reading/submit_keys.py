"""What submit keys stand for."""

import sqlite3

_RUN = "SELECT run_id FROM submit_key WHERE key = ?1 AND coalesce(fingerprint, ?2) = ?2"


def run_of_request(connection: sqlite3.Connection, key: str, fingerprint: str) -> int | None:
    """The run that this very request made under its key; None if there is none, or it is another request's.

    A key of an older version has no fingerprint and stands for whatever comes with it.
    """
    found = connection.execute(_RUN, (key, fingerprint)).fetchone()
    return None if found is None else int(found[0])
