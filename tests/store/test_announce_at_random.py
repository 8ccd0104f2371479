"""Two runtimes that work, announce, deliver, fail, die, retry and erase at random: still one delivery of each event."""

import random
from pathlib import Path

import pytest

from actors.messages import RetryJob
from actors.seams import ManualClock
from runtime.store.verbs import announce as announcing
from tests.store.driver import StoreDriver
from tests.store.webhooks import DELIVERY, announced, deliver_all, delivered, hook, of_definition, put, work

SEEDS = 12
STEPS = 40
NAMES = ("one", "two")


class Chaos:
    """What may happen, each drawn as likely as the others."""

    def __init__(self, path: Path, seed: int) -> None:
        self.chance = random.Random(seed)  # noqa: S311 (meant to be repeated)
        self.clock = ManualClock()
        self.path = path
        self.stores = [StoreDriver(path, self.clock) for _ in range(2)]
        self.runs: list[int] = []

    @property
    def store(self) -> StoreDriver:
        return self.chance.choice(self.stores)

    def work(self) -> None:
        self.runs.append(work(self.store, self.chance.randint(1, 3)))

    def announce(self) -> None:
        announced(self.store)

    def announce_a_little(self) -> None:
        store = self.store
        store.seen(store.file.announce()[0], store._demand(None, 0, ()))

    def deliver(self) -> None:
        store = self.store
        if jobs := store.lease(self.chance.randint(1, 4), DELIVERY):
            store.complete(*jobs)

    def fail(self) -> None:
        store = self.store
        if jobs := store.lease(1, DELIVERY):
            store.fail(*jobs)

    def retry(self) -> None:
        store = self.store
        for (run_id,) in store.rows(
            "SELECT id FROM job WHERE kind = 'run' AND type GLOB 'webhook:*' AND state <> 'running' LIMIT 2"
        ):
            store.commit(RetryJob(run_id))

    def erase(self) -> None:
        if self.runs:
            store = self.store
            store.delete(self.runs.pop())
            store.prune()

    def die(self) -> None:
        """Leases of the dead one come back when the other tends."""
        self.stores.pop(self.chance.randrange(2)).die()
        self.stores[0].tend()
        self.stores.append(StoreDriver(self.path, self.clock))

    def step(self) -> None:
        every = (
            self.work,
            self.announce,
            self.announce_a_little,
            self.deliver,
            self.fail,
            self.retry,
            self.erase,
            self.die,
        )
        self.chance.choice(every)()


@pytest.mark.parametrize("seed", range(SEEDS))
def test_each_event_is_one_delivery_of_each_webhook(
    tmp_path: Path, seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(announcing, "MOST_WAITING", 12)
    monkeypatch.setattr(announcing, "RUN_DELIVERIES", 20)
    monkeypatch.setattr(announcing, "MOST_DELIVERIES", 5)
    monkeypatch.setattr(announcing, "MOST_BATCHES", 3)
    chaos = Chaos(tmp_path / "jobs.db", seed)
    for name in NAMES:
        put(chaos.stores[0], hook(name, definitions=("test",)))
    for _ in range(STEPS):
        chaos.step()
    store = chaos.stores[0]
    deliver_all(store)
    numbers = of_definition(store)
    for name in NAMES:
        assert delivered(store, name) == numbers, (seed, name)
    assert not store.file.webhooks_behind()
    for each in chaos.stores:
        each.oracle.check()
        each.close()
