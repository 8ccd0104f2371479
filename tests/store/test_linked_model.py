"""Random definitions that link each other, with random fates and cancels: all end, once, in the right order."""

from random import Random

import pytest

from actors.job import JobDefinition, OnError
from runtime.definitions import DefinitionError, DefinitionLibrary
from runtime.submission import submission
from tests.store.driver import StoreDriver, definition, spec, step

UNDONE = ("failed", "cancelled")


def draw(random: Random) -> list[JobDefinition]:
    """Up to six definitions; each may link later ones, so that nothing starts in a circle."""
    number = random.randint(2, 6)
    names = [f"d{each}" for each in range(number)]

    def some(after: int) -> tuple[str, ...]:
        return tuple(name for name in names[after + 1 :] if random.random() < 0.35)

    def steps(name: str) -> list[object]:
        lenient = random.choice([OnError.FAIL, OnError.CONTINUE])
        first = step(f"{name}/a", on_error=lenient, enabled=random.random() < 0.9)
        second = step(f"{name}/b", depends=(first.name,) if random.random() < 0.7 else ())
        return [first, second]

    return [
        definition(*steps(name), id=name, name=name, pre_jobs=some(place), post_jobs=some(place))  # type: ignore[arg-type]
        for place, name in enumerate(names)
    ]


def work(store: StoreDriver, random: Random, runs: list[int]) -> None:
    """Do what is ready, in any order, with any outcome, and now and then cancel a run or a step."""
    while True:
        starts = store.commit(starts=random.randint(1, 3)).starts
        for start in starts:
            store.name(start, *(spec() for _ in range(random.randint(0, 2))))
        jobs = store.lease(random.randint(1, 4))
        for job in jobs:
            (store.fail if random.random() < 0.25 else store.complete)(job)
        store.sweep()
        if not starts and not jobs:
            return
        if random.random() < 0.1:
            run_id = random.choice(runs)
            store.cancel(random.choice([run_id, *store.steps(run_id).values()]))
            store.sweep()


def judge(store: StoreDriver, runs: list[int]) -> None:
    began: dict[int, int] = {}
    ended: dict[int, int] = {}
    for seq, kind, run_id, job_id, data in store.oracle.events:
        if kind == "job_status_change" and run_id in runs:
            if data["state"] == "running" and job_id != run_id:
                began.setdefault(run_id, seq)
            if job_id == run_id and data["state"] not in ("pending", "running"):
                assert run_id not in ended
                ended[run_id] = seq
    assert set(ended) == set(runs)
    links = store.rows(
        "SELECT DISTINCT step.run_id, needs_id, role FROM dependency JOIN parent AS step ON step.id = step_id"
        " WHERE role <> 'step'"
    )
    for waiting, awaited, role in links:
        if waiting in began:
            assert began[waiting] > ended[awaited]
            assert role == "pre_optional" or store.state(awaited) not in UNDONE
        if role != "pre_optional" and store.state(awaited) in UNDONE:
            assert store.state(waiting) in UNDONE


@pytest.mark.parametrize("seed", range(100))
def test_linked_runs_all_end_once_and_wait_for_each_other(store: StoreDriver, seed: int) -> None:
    random = Random(seed)  # noqa: S311 - a seeded test
    definitions = draw(random)
    try:
        together = DefinitionLibrary.of(definitions).linked(definitions[0])
    except DefinitionError:
        return  # they would wait for each other
    request = submission(together, store.file.ids)
    store.submitted(request)
    runs = [request.run_id, *(run.run_id for run in request.linked)]
    work(store, random, runs)
    judge(store, runs)
