"""One of two runtimes on a store is stopped for three leases and goes on: each job is counted once.

The stop comes at any moment, and in one round of five outside a transaction. If the stopped one happens to hold the
write lock, the other can do nothing until it goes on: then nothing is taken over, and nothing lost or doubled either.
"""

import os
import random
import signal
import subprocess
from pathlib import Path
from threading import Event

import pytest

from runtime import Runtime
from runtime.run import Run
from runtime.settings import RuntimeSettings
from tests.cli.command import quaero
from tests.embedding.processes import (
    freeze_outside_a_transaction,
    kill_group,
    lock_is_free,
    start_victim,
    stopped,
    until,
)
from tests.embedding.workers import ALL, Where
from tests.terminal.judge import Judge, faults_at_rest

WAIT = 100.0
LEASE_SECONDS = 0.3
TOGETHER = 5
"""Rounds that are played at the same time, as they mostly wait."""
GATED, FREE = 10, 150
"""Jobs of a round: those that run while their runtime is stopped, and those that may be anywhere."""
REFUSED = "%refused: the lease was lost%"
ROUNDS = [10, pytest.param(200, marks=[pytest.mark.soak, pytest.mark.timeout(1800)])]


class Round:
    """One store with two runtimes: this process's, and another process that is stopped."""

    def __init__(self, directory: Path) -> None:
        directory.mkdir()
        self.store, self.gate = directory / "jobs.db", directory / "gate"
        self.witness = directory / "witness"
        slots = {each.worker_type: {"slots": 0} for each in ALL}
        with Runtime(RuntimeSettings(store=self.store, worker_options=slots), workers=ALL) as onlooker:
            self.runs = [
                onlooker.fan_out("wait_for_file", [Where(str(self.gate))] * GATED).number,
                onlooker.fan_out("write", [Where(str(self.witness))] * FREE).number,
            ]
        self.judge = Judge(self.store)
        self.victim: subprocess.Popen[bytes] = start_victim(self.store, lease_seconds=LEASE_SECONDS)
        self.other = Runtime(RuntimeSettings(store=self.store, lease_seconds=LEASE_SECONDS), workers=ALL)
        self.frozen_owner = 0
        self.stopped_in_a_transaction = False
        self.held: set[int] = set()

    def begin(self) -> None:
        """The other process holds every gated job, then this one joins in."""
        until(lambda: len(self._gated_leases()) == GATED, seconds=WAIT, what="the victim's leases")
        self.frozen_owner = self._gated_leases()[0][1]
        self.held = {job_id for job_id, _ in self._gated_leases()}
        self.other.start()

    def _gated_leases(self) -> list[tuple[int, int]]:
        return self.judge.rows(
            "SELECT id, owner FROM job WHERE kind = 'job' AND type = 'wait_for_file' AND state = 'running'"
        )

    def freeze(self, *, at_any_moment: bool) -> None:
        """Stop it."""
        if at_any_moment:
            os.kill(self.victim.pid, signal.SIGSTOP)
            until(lambda: stopped(self.victim.pid), seconds=WAIT, what="the stop of every thread")
            self.stopped_in_a_transaction = not lock_is_free(self.store, within_seconds=LEASE_SECONDS)
        else:
            freeze_outside_a_transaction(self.victim, self.store)

    def loses(self) -> bool:
        """Whether every job that the stopped one holds becomes somebody else's."""
        if not self.stopped_in_a_transaction:
            until(self._taken_over, seconds=WAIT, what="the take-over")
        return self._taken_over()

    def _taken_over(self) -> bool:
        return all(owner != self.frozen_owner for _, owner in self._gated_leases())

    def go_on(self) -> None:
        """Let the jobs end, and the stopped process go on."""
        self.gate.touch()
        os.kill(self.victim.pid, signal.SIGCONT)

    def end(self) -> None:
        """Wait for the ends of both runs and of the process."""
        for number in self.runs:
            counts = Run(self.other, number).wait(WAIT).counts
            assert counts.completed == counts.total
        assert self.victim.wait(WAIT) == 0
        self.other.close()

    def faults(self) -> list[str]:
        """What is wrong with the rows, and with what the bodies say they did."""
        faults = faults_at_rest(self.store)
        saves = self.judge.value("SELECT count(*) FROM document_save")
        done = {line.split()[0] for line in self.witness.read_text("utf-8").splitlines()}
        if not saves == len(done) == FREE:
            faults.append(f"{FREE} jobs wrote {len(done)} lines, {saves} documents were saved")
        return faults

    def refused(self) -> set[int]:
        """The jobs whose log says that a late outcome was refused."""
        return {row[0] for row in self.judge.rows("SELECT job_id FROM log_entry WHERE text LIKE ?", REFUSED)}

    def close(self) -> None:
        """Leave nothing behind."""
        if self.victim.poll() is None:
            kill_group(self.victim)
        self.other.close()
        self.judge.connection.close()


@pytest.mark.parametrize("rounds", ROUNDS)
def test_a_runtime_that_is_stopped_for_three_leases_loses_its_jobs_and_each_is_counted_once(
    tmp_path: Path, rounds: int
) -> None:
    chance = random.Random()  # noqa: S311 (when to stop it is no secret)
    for number in range(0, rounds, TOGETHER):
        played = [Round(tmp_path / f"round {number + each}") for each in range(TOGETHER)]
        try:
            for each in played:
                each.begin()
                Event().wait(chance.random() * 0.02)  # nothing is waited for: it is stopped at any moment
                each.freeze(at_any_moment=each is not played[0])
            Event().wait(3 * LEASE_SECONDS)  # three leases are what the test is about
            lost = [each for each in played if each.loses()]
            assert played[0] in lost
            for each in played:
                each.go_on()
            for each in played:
                each.end()
                assert each.faults() == []
            for each in lost:
                assert each.refused() >= each.held
            if not number:
                shows_the_refusals(lost[0])
        finally:
            for each in played:
                each.close()


def shows_the_refusals(played: Round) -> None:
    """``quaero logs`` says it too."""
    from actors.ids import id_text

    logs = quaero("logs", id_text(played.runs[0]), "--store", played.store, "--json", cwd=played.store.parent)
    assert logs.code == 0
    told = {line["job_id"] for line in logs.values if "refused: the lease was lost" in line["text"]}
    assert told >= {id_text(job_id) for job_id in played.held}
