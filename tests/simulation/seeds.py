"""Runs seeds: each in a directory of its own in memory, on a copy of a ready-made empty store."""

import logging
import shutil
import tempfile
from pathlib import Path
from typing import Self

from runtime.store.database import open_writer
from tests.simulation.world import World

MEMORY = Path("/dev/shm")


class Seeds:
    """A place where seeds are run. A context manager."""

    def __init__(self) -> None:
        place = MEMORY if MEMORY.is_dir() else None
        self.directory = Path(tempfile.mkdtemp(prefix="quaero-simulation-", dir=place))
        self._template = self.directory / "template.db"
        open_writer(self._template, synchronous="OFF").close()
        logging.getLogger("quaero").setLevel(logging.CRITICAL + 1)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        shutil.rmtree(self.directory)
        logging.getLogger("quaero").setLevel(logging.NOTSET)

    def run(self, seed: int) -> World:
        """Run a seed to its end.

        Raises:
            Violation: a promise was broken.
        """
        place = self.directory / str(seed)
        place.mkdir()
        try:
            shutil.copyfile(self._template, place / "jobs.db")
            world = World(seed, place / "jobs.db")
            world.run()
            return world
        finally:
            shutil.rmtree(place)
