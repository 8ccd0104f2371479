"""A process that works on the scenes of a store until it is killed, or idle."""

import sys
from pathlib import Path
from threading import Event

from runtime import Runtime
from runtime.settings import RuntimeSettings
from tests.terminal.cast import MANAGERS, NEVER, WORKERS


def main(store: Path, lease_seconds: float, max_lost: int) -> None:
    """Work until nothing is left."""
    settings = RuntimeSettings(
        store=store, lease_seconds=lease_seconds, max_lost=max_lost, worker_options=NEVER, grace_seconds=0.0
    )
    with Runtime(settings, workers=WORKERS, managers=MANAGERS) as runtime:
        bell = Event()
        runtime.assembly.hub.on_commit(bell.set)
        while runtime.reader.has_work(tuple(runtime.assembly.workers), tuple(runtime.assembly.managers)):
            bell.wait(0.2)
            bell.clear()


if __name__ == "__main__":
    main(Path(sys.argv[1]), float(sys.argv[2]), int(sys.argv[3]))
