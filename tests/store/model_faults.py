"""Time and what goes wrong in it, as drawn: clocks, lost leases, runtimes that die, damaged rows."""

from actors.messages import (
    ExtendLeases,
    GiveBack,
)
from tests.store.driver import StoreDriver
from tests.store.model_world import World


class Faults(World):
    """The chores of time, and the faults."""

    def sweep(self) -> None:
        for runtime in self.runtimes:
            runtime.sweep()

    # -- time and death -----------------------------------------------------------------------------------------

    def pass_time(self) -> None:
        self.clock.advance(self.random.choice([0.3, 1.0, 20.0]))

    def set_the_wall_clock(self) -> None:
        self.clock.set_wall_ms(self.clock.wall_ms() + self.random.choice([-3, -1, 2]) * 3_600_000)

    def tend(self) -> None:
        self.one.tend()

    def extend(self) -> None:
        runtime = self.one
        runtime.commit(ExtendLeases(tuple(job.id for job, holder in self.held if holder is runtime)))

    def give_back(self) -> None:
        rows = self.store.rows("SELECT id FROM parent ORDER BY id")
        parent = self.random.choice(rows)[0] if rows and self.random.random() < 0.6 else None
        self.one.commit(GiveBack(parent, "an actor died", namings_only=self.random.random() < 0.3))

    def kill_the_second_runtime(self) -> None:
        if len(self.runtimes) > 1:
            dead = self.runtimes.pop()
            lost = self.store.value("SELECT count(*) FROM job WHERE owner = ?", dead.file.owner)
            dead.die()
            _, found = self.store.tend()
            assert found == [f"runtime {dead.file.owner} died; {lost} jobs it was running were taken over"]
            self.inherit(dead)

    def stop_the_second_runtime(self) -> None:
        if len(self.runtimes) > 1:
            stopped = self.runtimes.pop()
            stopped.close()
            self.inherit(stopped)

    def start_another_runtime(self) -> None:
        if len(self.runtimes) == 1:
            self.runtimes.append(self.opened())

    def inherit(self, gone: StoreDriver) -> None:
        """What the one that is gone held may still be settled: by the other, in vain."""
        self.held = [(job, self.store if holder is gone else holder) for job, holder in self.held]
        self.starts = [(start, self.store if holder is gone else holder) for start, holder in self.starts]

    def damage_a_row(self) -> None:
        rows = self.store.rows(
            "SELECT id FROM job WHERE kind = 'job' AND state = 'pending' ORDER BY id LIMIT 5"
        )
        if rows:
            value = self.random.choice(['{"n":2, "m":3}', b"{\xff", "", '{"n":'])
            self.store.damage(self.random.choice(rows)[0], "payload", value)
