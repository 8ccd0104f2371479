"""A model of what runtimes may ask of a store: seeded random sequences, two runtimes on one file, faults included.

Each step is one method, chosen by weight; each predicts from the rows what the store has to answer, and the oracle
judges after every commit. At the end the faults stop and everything must end; ``ends.py`` judges that.
"""

from actors.job import (
    Page,
)
from actors.messages import (
    GiveBack,
    NameChildren,
    ResumeJob,
    ResumeType,
)
from tests.store.model_faults import Faults
from tests.store.model_operator import Operator
from tests.store.model_work import Work
from tests.store.model_world import OPEN

WEIGHTS = {
    "submit": 4,
    "submit_again": 1,
    "start": 6,
    "name": 8,
    "fail_to_name": 1,
    "lease": 14,
    "settle": 20,
    "cancel": 2,
    "delete": 2,
    "prune": 2,
    "close_parent": 1,
    "pause": 2,
    "resume": 4,
    "pause_a_type": 1,
    "retry": 8,
    "rerun": 1,
    "sweep": 2,
    "pass_time": 6,
    "set_the_wall_clock": 1,
    "tend": 5,
    "extend": 2,
    "give_back": 1,
    "kill_the_second_runtime": 1,
    "stop_the_second_runtime": 1,
    "start_another_runtime": 2,
    "damage_a_row": 1,
}


class Model(Work, Operator, Faults):
    """All that may be asked of a store, in the order that the seed draws."""

    def step(self) -> None:
        (name,) = self.random.choices(list(WEIGHTS), list(WEIGHTS.values()))
        self.trace.append(name)
        getattr(self, name)()
        self.store.oracle.check()
        self.judge_knowledge()

    def judge_knowledge(self) -> None:
        """No wake-up is lost: work that is ready is known to a runtime from what its commits told it."""
        ready = {
            row[0]
            for row in self.store.rows(
                "SELECT DISTINCT type FROM lane WHERE ready = 1 AND type NOT IN (SELECT type FROM paused_type)"
            )
        }
        starts = self.store.rows(
            "SELECT id FROM parent WHERE naming = 'ready' AND paused = 0 AND naming_at <= ?",
            self.clock.wall_ms(),
        )
        for runtime in self.runtimes:
            if runtime.file.foreign_commits():
                runtime.another_committed()
            assert ready <= runtime.ready
            # A naming that waited for its time is found by the timer that NextDue has set.
            assert runtime.starts_ready or not starts or self.timed_namings(starts)

    def timed_namings(self, starts: list[tuple[int]]) -> bool:
        return all(self.store.parent(row[0])["naming_at"] > 0 for row in starts)

    def resume_everything(self) -> None:
        paused = self.store.rows(
            "SELECT id FROM parent WHERE paused & 1 UNION SELECT id FROM job WHERE lane_id < 0"
        )
        self.store.commit(*(ResumeJob(row[0]) for row in paused), ResumeType("work"), ResumeType("other"))

    def let_everything_end(self) -> None:
        """No more faults: one runtime that does all it can."""
        store = self.store
        while len(self.runtimes) > 1:
            self.stop_the_second_runtime()
        store.judged = True
        store.commit(GiveBack(None, "the faults are over"))
        self.resume_everything()
        for _ in range(300):
            if not store.value(f"SELECT count(*) FROM job WHERE state IN {OPEN}"):
                for _ in range(self.random.randint(0, 8)):  # now most of it may be deleted
                    self.delete()
                    self.prune()
                store.prune()
                assert store.value("SELECT count(*) FROM deletion") == 0
                return
            self.clock.advance(minutes=240)
            store.tend()
            store.sweep()
            done = store.commit(lease={"work": 50, "other": 50}, starts=10)
            store.commit(*(NameChildren(start, Page()) for start in done.starts))
            if done.jobs:
                store.complete(*done.jobs)
        left = store.rows(f"SELECT id, kind, state FROM job WHERE state IN {OPEN}")
        raise AssertionError(
            f"these never ended: {left}; {[store.parent(row[0]) for row in left if row[1] != 'job']}"
        )
