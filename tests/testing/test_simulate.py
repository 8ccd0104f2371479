"""A scenario under drawn orders and faults: what a service's bodies do twice is found, and can be played again."""

import logging
from collections.abc import Iterator
from typing import Any

import pytest

from actors.job import JobState
from actors.worker import JobContext, worker
from runtime.testing import FAULTS, MakeRuntime, SimulatedRuntime, simulate
from runtime.testing.mischief import UnknownFaultError
from tests.testing.service import WORKERS, Order, ShopManager, item, order, shop

SEEDS = 6


@pytest.fixture(autouse=True)
def quiet() -> Iterator[None]:
    """What the runtime logs of the faults is of no interest."""
    logging.getLogger("quaero").setLevel(logging.CRITICAL + 1)
    yield
    logging.getLogger("quaero").setLevel(logging.NOTSET)


class Bank:
    """Another's service, which charges once per key."""

    def __init__(self) -> None:
        self.charges: dict[str, int] = {}
        self.calls = 0

    def charge(self, amount: int, key: str) -> None:
        self.calls += 1
        self.charges.setdefault(key, amount)


@worker("charge", backoff_seconds=0.1)
def charge(payload: Order, context: JobContext) -> int:
    """Charge for an order, then ship its items."""
    bank: Bank = context.resource("bank")
    bank.charge(payload.number, context.idempotency_key)
    for place in range(payload.items):
        context.spawn_child_job("item", {"order": payload.number, "place": place})  # type: ignore[arg-type]
    return payload.number


def charging(quaero: MakeRuntime) -> None:
    """Every order is charged once, whatever happens."""
    bank = Bank()
    runtime = quaero(workers=[charge, item], resources={"bank": bank})
    run = runtime.fan_out(charge, [Order(10, 1), Order(20), Order(30)])

    assert run.wait().counts.completed == 4
    assert sorted(bank.charges.values()) == [10, 20, 30]


def charging_only(quaero: MakeRuntime) -> None:
    """As ``charging``, without the hour that an item takes."""
    bank = Bank()
    runtime = quaero(workers=[charge], resources={"bank": bank})
    assert runtime.fan_out(charge, [Order(number) for number in range(6)]).wait().counts.completed == 6
    assert len(bank.charges) == 6


def charging_naively(quaero: MakeRuntime) -> None:
    """Believes that a body runs once."""
    bank = Bank()
    runtime = quaero(workers=[charge, item], resources={"bank": bank})
    runtime.fan_out(charge, [Order(10), Order(20)]).wait()
    assert bank.calls == 2


def test_a_scenario_that_bears_everything_passes_and_meets_everything() -> None:
    done = simulate(charging, seeds=12)
    assert done.seeds == 12
    quick = simulate(charging_only, seeds=30)
    assert {*done.met, *quick.met} >= {"kill", "worker_death", "lost_lease", "store"}


def test_a_body_that_believes_it_runs_once_is_found_and_its_seed_is_told() -> None:
    with pytest.raises(AssertionError) as failed:
        simulate(charging_naively, seeds=200)
    (note,) = failed.value.__notes__
    assert "of charging_naively failed after" in note
    assert "went wrong: " in note
    assert "play it again: QUAERO_SEED=" in note
    assert "test_a_body_that_believes_it_runs_once_is_found_and_its_seed_is_told" in note
    assert "the last turns:\n" in note


def failing_seed() -> int:
    for seed in range(1, 200):
        try:
            simulate(charging_naively, first=seed, seeds=1)
        except AssertionError:
            return seed
    raise LookupError("no seed fails")


def test_the_failing_seed_fails_again_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    seed = failing_seed()
    monkeypatch.setenv("QUAERO_SEED", str(seed))
    with pytest.raises(AssertionError) as failed:
        simulate(charging_naively)
    assert failed.value.__notes__[0].startswith(f"seed {seed} of charging_naively")


@pytest.mark.parametrize("wrong", ["seven", "-1"])
def test_a_seed_is_a_number(monkeypatch: pytest.MonkeyPatch, wrong: str) -> None:
    monkeypatch.setenv("QUAERO_SEED", wrong)
    with pytest.raises(ValueError, match="QUAERO_SEED names a seed, a number of 0 or more"):
        simulate(charging)


def test_the_same_seeds_take_the_same_turns() -> None:
    first = simulate(charging, seeds=SEEDS)
    assert simulate(charging, seeds=SEEDS) == first
    assert simulate(charging_only, seeds=SEEDS, first=1000).trace != first.trace


def test_without_faults_only_the_order_is_drawn() -> None:
    assert simulate(charging_naively, seeds=SEEDS, faults=()).met == {}


@pytest.mark.parametrize("fault", FAULTS)
def test_each_fault_may_come_alone(fault: str) -> None:
    met = simulate(charging_only, seeds=20, faults=[fault]).met
    assert set(met) <= {fault}
    assert met or fault == "slow"


def test_a_fault_that_there_is_none_is_refused() -> None:
    with pytest.raises(
        UnknownFaultError, match="there is no fault 'earthquake'; there are kill, worker_death"
    ):
        simulate(charging, faults=["earthquake"])


def test_a_scenario_may_let_time_pass_and_leave_work_undone() -> None:
    made: list[SimulatedRuntime] = []

    def scenario(quaero: MakeRuntime) -> None:
        runtime = quaero(workers=WORKERS, managers=[ShopManager])
        runtime.schedule(shop(2, schedule="0 * * * *"))
        runtime.fan_out(order, [Order(1, items=1)])
        runtime.advance(hours=3)
        assert len(runtime.runs("shop")) == 3
        made.append(runtime)

    simulate(scenario, seeds=8)
    assert len(made) == 8


def test_work_that_never_ends_is_found_after_the_scenario() -> None:
    @worker("lost")
    def lost(payload: Order, context: JobContext) -> Any:
        raise ValueError(payload.number)

    def scenario(quaero: MakeRuntime) -> None:
        runtime = quaero(workers=[lost])
        run = runtime.fan_out(lost, [Order(1)])
        assert run.wait().state is JobState.FAILED

    simulate(scenario, seeds=8)


def test_what_a_scenario_raises_comes_out_as_it_is() -> None:
    def scenario(quaero: MakeRuntime) -> None:
        quaero(workers=WORKERS)
        raise LookupError("mine")

    with pytest.raises(LookupError, match=r"^mine\n") as failed:
        simulate(scenario)
    assert failed.value.__notes__[0].startswith("seed 1 of scenario failed")
