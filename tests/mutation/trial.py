"""Tries mutants: for each a process is forked from one that has imported and collected everything, and runs its tests.

pytest plugins. The collected tests are not run in a row, but for each mutant those that call what it changes, until one
fails; then seeds of the simulation. A test that takes far longer than without the mutant has found it, too.
"""

import gc
import os
import resource
import shutil
import signal
import sys
import tempfile
from collections.abc import Generator, Sequence
from pathlib import Path
from typing import Any

import msgspec
import pytest
from _pytest.runner import runtestprotocol

from tests.mutation.mutant import Mutant
from tests.mutation.patching import patch
from tests.mutation.reach import tests_of
from tests.mutation.record import Record, Verdict, digest
from tests.mutation.trace import Reach, Trace
from tests.simulation import seeds as simulation

MEMORY_BYTES = 3 << 30
MUTANT_SECONDS = 600
"""Of one mutant, by the wall: the machine may be busy."""
PATIENCE_SECONDS = 1.5
"""Processor time of a test or a seed besides eight times what was measured; then it hangs."""
SEED_SECONDS = 0.3
"""Of a long one."""


class Recorder:
    """Measures what each test runs."""

    def __init__(self, into: Path) -> None:
        self._reach: dict[str, Reach] = {}
        self._into = into

    def __repr__(self) -> str:
        return f"<Recorder({len(self._reach)})>"

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Generator[None, Any, Any]:
        with Trace() as trace:
            result = yield
        self._reach[item.nodeid] = Reach(round(trace.seconds, 3), trace.functions)
        return result

    def pytest_sessionfinish(self) -> None:
        self._into.write_bytes(msgspec.json.encode(self._reach))


class Trials:
    """Tries each mutant; ``verdicts`` has what became of them, and so has the record."""

    def __init__(
        self,
        mutants: Sequence[Mutant],
        reach: dict[str, Reach],
        record: Record,
        *,
        processes: int,
        test_seconds: float,
        seeds: int,
    ) -> None:
        self.verdicts: list[Verdict] = []
        self._mutants = mutants
        self._reach = reach
        self._record = record
        self._processes = processes
        self._test_seconds = test_seconds
        self._seeds = seeds
        self._items: dict[str, pytest.Item] = {}
        self._running: dict[int, tuple[Mutant, Path]] = {}

    def __repr__(self) -> str:
        return f"<Trials({len(self.verdicts)} of {len(self._mutants)})>"

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        from hypothesis import settings  # not before pytest has seen to its assertions

        settings.register_profile("mutation", database=None, derandomize=True, deadline=None)
        settings.load_profile("mutation")
        self._items = {item.nodeid: item for item in session.items}
        gc.collect()
        gc.freeze()  # the children share the pages
        for mutant in self._mutants:
            if len(self._running) >= self._processes:
                self._end_one()
            self._begin(mutant)
        while self._running:
            self._end_one()
        return True

    def _begin(self, mutant: Mutant) -> None:
        memory = simulation.MEMORY
        place = Path(tempfile.mkdtemp(prefix="quaero-mutant-", dir=memory if memory.is_dir() else None))
        tests = self._tests_of(mutant)
        sys.stdout.flush()
        pid = os.fork()
        if pid == 0:
            status = 1
            try:
                status = int(_Trial(mutant, place).caught(tests, self._seeds))
            finally:
                os._exit(status)
        self._running[pid] = mutant, place

    def _tests_of(self, mutant: Mutant) -> list[tuple[pytest.Item, float]]:
        """Its tests, and how long each takes, as many as there is time for."""
        tests, spent = [], 0.0
        seconds = {name: self._reach[name].seconds for name in tests_of(mutant, self._reach)}
        for name in self._record.best_first(mutant, seconds, seconds):
            spent += self._reach[name].seconds
            if name in self._items and spent <= self._test_seconds:
                tests.append((self._items[name], self._reach[name].seconds))
        return tests

    def _end_one(self) -> None:
        pid, status, usage = os.wait4(-1, 0)
        mutant, place = self._running.pop(pid)
        number, _, by = (place / "told").read_text().partition("\n")
        code = os.waitstatus_to_exitcode(status)
        caught = f"{signal.Signals(-code).name} in {by}" if code < 0 else by
        shutil.rmtree(place, ignore_errors=True)
        seconds = round(usage.ru_utime + usage.ru_stime, 2)
        by_whom = caught if code else None
        verdict = Verdict(mutant.key, mutant.title, by_whom, int(number), seconds, digest(mutant))
        self.verdicts.append(verdict)
        self._record.add(verdict)


class _Trial:
    """One mutant, in a process of its own."""

    def __init__(self, mutant: Mutant, place: Path) -> None:
        self._mutant = mutant
        self._place = place
        self._number = 0

    def __repr__(self) -> str:
        return f"<_Trial({self._mutant.key})>"

    def caught(self, tests: Sequence[tuple[pytest.Item, float]], seeds: int) -> bool:
        """Whether a test or a seed fails. One that does not end ends the process by a signal."""
        quiet = os.open(os.devnull, os.O_RDWR)
        for number in (1, 2):
            os.dup2(quiet, number)
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        signal.setitimer(signal.ITIMER_REAL, MUTANT_SECONDS)
        tempfile.tempdir = str(self._place)
        self._tell("its import", 0.0)
        try:
            patch(self._mutant)
        except Exception:  # noqa: BLE001 (no process can import a module with this mistake)
            return True
        return self._test_fails(tests) or self._seed_fails(seeds)

    def _tell(self, what: str, seconds: float) -> None:
        """Note what is tried now, and how long it may take."""
        (self._place / "told").write_text(f"{self._number}\n{what}")
        signal.setitimer(signal.ITIMER_PROF, PATIENCE_SECONDS + 8 * seconds)

    def _test_fails(self, tests: Sequence[tuple[pytest.Item, float]]) -> bool:
        for item, seconds in tests:
            factory = item.config._tmp_path_factory  # type: ignore[attr-defined]
            factory._given_basetemp = self._place / "tests"
            self._number += 1
            self._tell(item.nodeid, seconds)
            if any(report.failed for report in runtestprotocol(item, log=False, nextitem=None)):
                return True
        return False

    def _seed_fails(self, number: int) -> bool:
        simulation.MEMORY = self._place
        with simulation.Seeds() as seeds:
            for seed in range(number):
                self._tell(f"seed {seed}", SEED_SECONDS)
                try:
                    seeds.run(seed)
                except Exception:  # noqa: BLE001 (however it is noticed)
                    return True
        return False
