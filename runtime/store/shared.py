"""What to say when several runtimes write one store with a SQLite that has a race between them.

Below 3.51.3 two connections that write and checkpoint at the same instant can lose what was committed while the log is
begun anew (https://sqlite.org/wal.html). It was never met in our tests, and nothing here can rule it out.
"""

import sqlite3
from pathlib import Path

SAFE_SHARED_SQLITE = (3, 51, 3)


def sharing_risk(store: Path, version: tuple[int, ...] = sqlite3.sqlite_version_info) -> str:
    """The warning for a store that others write too; "" if this SQLite is safe. Pure."""
    if version >= SAFE_SHARED_SQLITE:
        return ""
    shown, safe = (".".join(map(str, each)) for each in (version, SAFE_SHARED_SQLITE))
    return (
        f"{store} is written by another runtime or command too, and SQLite {shown} has a rare race between writers"
        f" that can lose commits: use SQLite {safe} or later, or one process"
    )
