"""Several processes that make the same new store at one moment: each of them has it."""

import multiprocessing
from multiprocessing.synchronize import Barrier
from pathlib import Path

from runtime.store.database import StoreError, open_writer

PROCESSES = 4
ROUNDS = 15
SECONDS = 100.0


def open_in_turn(directory: str, together: Barrier, faults: "multiprocessing.Queue[str]") -> None:
    """Open the store of each round when all others are about to."""
    found = ""
    for number in range(ROUNDS):
        together.wait(SECONDS)
        try:
            open_writer(Path(directory) / f"{number}.db").close()
        except StoreError as error:
            found = str(error)
    faults.put(found)


def test_processes_that_make_a_store_at_the_same_moment_all_have_it(tmp_path: Path) -> None:
    spawning = multiprocessing.get_context("spawn")
    together, faults = spawning.Barrier(PROCESSES), spawning.Queue()
    processes = [
        spawning.Process(target=open_in_turn, args=(str(tmp_path), together, faults))
        for _ in range(PROCESSES)
    ]
    for process in processes:
        process.start()
    assert [faults.get(timeout=SECONDS) for _ in processes] == [""] * PROCESSES
    for process in processes:
        process.join(SECONDS)
