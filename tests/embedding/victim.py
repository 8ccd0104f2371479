"""A process that tests start and kill: it works on a store until it is idle."""

import sys
from pathlib import Path
from threading import Event

from runtime import Runtime
from runtime.settings import RuntimeSettings
from tests.embedding.workers import ALL


def main(store: Path, lease_seconds: float) -> None:
    """Work until nothing is left."""
    settings = RuntimeSettings(store=store, lease_seconds=lease_seconds)
    with Runtime(settings, workers=ALL) as runtime:
        bell = Event()
        runtime.assembly.hub.on_commit(bell.set)
        while runtime.reader.has_work(tuple(runtime.assembly.workers), tuple(runtime.assembly.managers)):
            bell.wait(0.2)
            bell.clear()


if __name__ == "__main__":
    main(Path(sys.argv[1]), float(sys.argv[2]))
