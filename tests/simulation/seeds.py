"""Runs seeds, one after the other, each on a store that is as good as new, in memory."""

import logging
import shutil
import tempfile
from pathlib import Path
from typing import Self

from runtime.interpreter import tune
from tests.simulation.course import Course
from tests.simulation.pool import StorePool
from tests.simulation.world import World

MEMORY = Path("/dev/shm")


class Seeds:
    """A place where seeds are run. A context manager."""

    def __init__(self) -> None:
        place = MEMORY if MEMORY.is_dir() else None
        self.directory = Path(tempfile.mkdtemp(prefix="quaero-simulation-", dir=place))
        self._pool = StorePool(self.directory)

    def __enter__(self) -> Self:
        logging.getLogger("quaero").setLevel(logging.CRITICAL + 1)
        self._put_back = tune()
        return self

    def __exit__(self, *error: object) -> None:
        self._put_back()
        logging.getLogger("quaero").setLevel(logging.NOTSET)
        self._pool.close()
        shutil.rmtree(self.directory)

    def run(self, seed: int) -> World:
        """Run a seed to its end.

        Raises:
            Violation: a promise was broken.
        """
        self._pool.empty()
        world = Course(seed, self._pool)
        world.run()
        return world
