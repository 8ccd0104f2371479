"""Leasing is fair, in order, within every limit, and never hands out a damaged row."""

from collections import Counter

import pytest

from actors.job import ErrorTolerance, LeasedJob, Page
from actors.messages import NameChildren, Settle
from runtime.store.newcomers import FIRST_TURN
from runtime.store.verbs.lease import TURN
from tests.store.driver import StoreDriver, definition, failed, spec, specs, step


def many_runs(store: StoreDriver, runs: int, children: int, **options: int) -> None:
    for _ in range(runs):
        store.commit(store.submission(definition(**options)))
    starts = store.commit(starts=runs).starts
    store.commit(*(NameChildren(start, Page(specs(children))) for start in starts))


def test_a_leased_job_carries_what_its_body_needs(store: StoreDriver) -> None:
    run_id = store.run_with(spec(7, name="seven", unique_key="k", depth=3, max_attempts=5, backoff_ms=20))
    (job,) = store.lease()
    assert job == LeasedJob(
        job.id,
        job.token,
        store.steps(run_id)["only"],
        run_id,
        "work",
        '{"n":7}',
        "seven",
        1,
        5,
        3,
        20,
        "k",
        job.crc,
    )
    assert store.column("owner", job.id) == store.file.owner
    assert store.column("lease_expires", job.id) == store.clock.boottime_ms() + 30_000


def test_slots_are_the_most_that_is_leased_of_a_type(store: StoreDriver) -> None:
    store.run_with(*specs(100), *specs(100, type="other"))
    jobs = store.commit(lease={"work": 37, "other": 5, "unknown": 9}).jobs
    assert Counter(job.type for job in jobs) == {"work": 37, "other": 5}
    assert store.commit(lease={"work": 0}).jobs == []


def test_a_commit_tells_which_types_may_have_more(store: StoreDriver) -> None:
    store.run_with(*specs(3))
    assert store.commit(lease={"work": 2}).more == {"work"}
    for slots in (0, -1):
        done = store.commit(lease={"work": slots})
        assert (done.jobs, done.more) == ([], {"work"})
    store.lease()
    assert store.commit(lease={"work": 5}).more == set()


def test_a_thousand_parents_are_served_in_turns(store: StoreDriver) -> None:
    store.judged = False
    many_runs(store, 1000, 3)
    served: Counter[int] = Counter()
    for _ in range(1000):
        served.update(job.root_id for job in store.lease(1))
    assert len(served) == 1000
    assert set(served.values()) == {1}
    store.judged = True


def test_one_parent_alone_gets_whole_batches_and_two_share_in_turns(store: StoreDriver) -> None:
    many_runs(store, 2, 200)
    store.lease(2 * FIRST_TURN)
    jobs = store.lease(4 * TURN)
    assert set(Counter(job.root_id for job in jobs).values()) == {2 * TURN}


@pytest.mark.parametrize("children", [1, 50])
def test_a_newcomer_does_not_go_before_those_that_wait(store: StoreDriver, children: int) -> None:
    many_runs(store, 3, 50)
    seen = [store.lease(1)[0].root_id for _ in range(3)]
    many_runs(store, 1, children)
    later = [store.lease(1)[0].root_id for _ in range(4)]
    assert later[:3] == seen
    assert later[3] not in seen


def test_runs_of_a_lower_priority_number_go_first(store: StoreDriver) -> None:
    many_runs(store, 1, 5, priority=5)
    many_runs(store, 1, 5, priority=-1)
    many_runs(store, 1, 5, priority=0)
    order = [store.lease(1)[0].root_id for _ in range(15)]
    expected = store.rows("SELECT id FROM job WHERE kind = 'run' ORDER BY priority")
    assert list(dict.fromkeys(order)) == [row[0] for row in expected]


def test_within_a_step_priority_goes_before_depth_and_depth_before_age(store: StoreDriver) -> None:
    wanted = [(0, 1), (0, 2), (0, 2), (1, 1), (1, 3)]
    shuffled = [wanted[index] for index in (4, 1, 3, 2, 0)]
    store.run_with(*(spec(priority=priority, depth=depth) for priority, depth in shuffled))
    jobs = [store.lease(1)[0] for _ in wanted]
    assert [store.rows("SELECT priority, depth FROM job WHERE id = ?", job.id)[0] for job in jobs] == wanted
    assert jobs[1].id < jobs[2].id


def test_a_step_never_runs_more_than_its_concurrency_over_all_types(store: StoreDriver) -> None:
    store.run_with(*specs(10), *specs(10, type="other"), of=definition(step(concurrency=3)))
    first = store.commit(lease={"work": 10, "other": 10}).jobs
    assert len(first) == 3
    assert store.commit(lease={"work": 10, "other": 10}).jobs == []
    store.complete(first[0])
    assert len(store.commit(lease={"work": 10, "other": 10}).jobs) == 1


def test_a_page_may_set_the_concurrency_of_its_step(store: StoreDriver) -> None:
    store.submit()
    store.name(store.start(), *specs(10), concurrency=2)
    assert len(store.lease()) == 2


def test_nothing_is_leased_of_a_closing_or_paused_step(store: StoreDriver) -> None:
    run_id = store.run_with(*specs(5))
    step_id = store.steps(run_id)["only"]
    store.file.connection.execute("UPDATE parent SET paused = 1 WHERE id = ?", (step_id,))
    store.file.connection.execute("UPDATE lane SET ready = 0 WHERE parent_id = ?", (step_id,))
    assert store.lease() == []
    store.file.connection.execute("UPDATE parent SET paused = 0 WHERE id = ?", (step_id,))
    store.file.connection.execute("UPDATE lane SET ready = 1 WHERE parent_id = ?", (step_id,))
    store.cancel(run_id)
    assert store.lease() == []


def test_what_a_settle_makes_ready_is_leased_in_the_same_commit(store: StoreDriver) -> None:
    store.run_with(spec())
    (job,) = store.lease()
    done = store.commit(Settle(1, (store.attempt(job, children=specs(2)),)), lease={"work": 5})
    assert len(done.jobs) == 2


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("payload", '{"n":8}'),
        ("payload", b'{"n":\xff}'),
        ("payload", b"\xf0\x28\x8c"),
        ("payload", ""),
        ("type", "werk"),
        ("name", b"\xc3\x28"),
        ("unique_key", b"\xff\xff"),
        ("crc", 5),
    ],
)
def test_a_damaged_row_ends_its_job_unexecuted_and_no_other(
    store: StoreDriver, column: str, value: object
) -> None:
    run_id = store.run_with(*specs(5))
    step_id = store.steps(run_id)["only"]
    ids = [row[0] for row in store.rows("SELECT id FROM job WHERE parent_id = ? ORDER BY id", step_id)]
    store.damage(ids[2], column, value)
    jobs = store.lease()
    assert [job.id for job in jobs] == [*ids[:2], *ids[3:]]
    assert store.status_events(ids[2]) == ["pending", "failed"]
    assert store.column("attempt", ids[2]) == 0
    assert store.column("error", ids[2]) == store.logs(ids[2])[0]
    assert "its checksum does not match; it was not run" in store.logs(ids[2])[0]
    store.complete(*jobs)
    assert store.state(run_id) == "completed_with_failures"


def test_a_step_of_which_every_row_is_damaged_ends_failed(store: StoreDriver) -> None:
    run_id = store.run_with(*specs(3))
    store.file.connection.execute("UPDATE job SET payload = '{}' WHERE kind = 'job'")
    assert store.lease() == []
    assert store.state(run_id) == "failed"


def test_damaged_rows_use_the_tolerance_up_before_anything_is_leased(store: StoreDriver) -> None:
    tolerance = ErrorTolerance(max_child_failures=2)
    run_id = store.run_with(*specs(6), of=definition(step(error_tolerance=tolerance)))
    store.file.connection.execute(
        "UPDATE job SET payload = '{}' WHERE id IN (SELECT id FROM job WHERE kind = 'job' ORDER BY id DESC LIMIT 2)"
    )
    assert store.lease() == []
    store.sweep()
    assert store.state(run_id) == "failed"
    assert sorted(store.states(store.steps(run_id)["only"])) == ["cancelled"] * 4 + ["failed"] * 2


@pytest.mark.parametrize("kind", ["step", "run"])
@pytest.mark.parametrize("value", ['{"name":"only","action":"fan_out"}', b"\xff", "{"])
def test_a_damaged_step_or_definition_closes_the_step_as_failed(
    store: StoreDriver, kind: str, value: object
) -> None:
    run_id = store.submit()
    store.damage(run_id if kind == "run" else store.steps(run_id)["only"], "payload", value)
    assert store.commit(starts=1).starts == []
    assert store.state(run_id) == "failed"
    assert "the job's row is damaged" in store.column("error", run_id)


def test_a_damaged_step_that_is_to_start_after_another_fails_its_run(store: StoreDriver) -> None:
    run_id = store.submit(definition(step("a"), step("b", depends=("a",))))
    store.damage(store.steps(run_id)["b"], "payload", b"\xfe")
    store.name(store.start())
    assert store.states(run_id) == ["completed", "failed"]
    assert store.state(run_id) == "failed"


def test_whole_turns_of_several_parents_go_round_all_of_them(store: StoreDriver) -> None:
    many_runs(store, 6, 2 * TURN + FIRST_TURN)
    store.lease(6 * FIRST_TURN)
    served = [{job.root_id for job in store.lease(2 * TURN)} for _ in range(6)]
    assert [len(roots) for roots in served] == [2] * 6
    assert (
        set.union(*served[:3])
        == set.union(*served[3:])
        == {row[0] for row in store.rows("SELECT id FROM job WHERE kind = 'run'")}
    )


@pytest.mark.parametrize("value", ['{"n":8}', b"\xff"])
def test_a_damaged_row_among_many_parents_ends_only_its_own_job(store: StoreDriver, value: object) -> None:
    many_runs(store, 5, 3)
    ids = [row[0] for row in store.rows("SELECT id FROM job WHERE kind = 'job' ORDER BY id")]
    store.damage(ids[7], "payload", value)
    jobs = store.lease()
    assert sorted(job.id for job in jobs) == [*ids[:7], *ids[8:]]
    assert store.state(ids[7]) == "failed"
    store.complete(*jobs)
    states = [row[0] for row in store.rows("SELECT state FROM job WHERE kind = 'run' ORDER BY id")]
    assert sorted(states) == ["completed"] * 4 + ["completed_with_failures"]


def test_a_damaged_row_of_one_type_that_closes_the_step_lets_no_other_type_start(store: StoreDriver) -> None:
    run_id = store.run_with(
        spec(type="other"),
        spec(),
        of=definition(step(error_tolerance=ErrorTolerance(max_child_failures=1))),
    )
    ((job_id,),) = store.rows("SELECT id FROM job WHERE type = 'other'")
    store.damage(job_id, "payload", "{}")
    assert store.commit(lease={"other": 9, "work": 9}).jobs == []
    store.sweep()
    assert store.state(run_id) == "failed"


@pytest.mark.parametrize("first", ["running", "completed", "failed"])
def test_a_step_that_has_begun_gets_a_whole_turn_whatever_became_of_its_first_child(
    store: StoreDriver, first: str
) -> None:
    begun = store.run_with(*specs(2 * TURN), of=definition(priority=-1))
    store.run_with(*specs(2 * TURN))
    (job,) = store.lease(1)
    if first != "running":
        store.settle(store.attempt(job, failed(permanent=True) if first == "failed" else None))
    assert Counter(job.root_id for job in store.lease(TURN)) == {begun: TURN}


def test_a_step_that_has_not_begun_gets_its_short_turn_before_those_behind_it(store: StoreDriver) -> None:
    first, second = (
        store.run_with(*specs(2 * TURN), of=definition(priority=priority)) for priority in (-1, 0)
    )
    assert Counter(job.root_id for job in store.lease(2 * FIRST_TURN)) == {
        first: FIRST_TURN,
        second: FIRST_TURN,
    }


def test_the_types_of_a_step_share_its_concurrency_with_its_rates(store: StoreDriver) -> None:
    """Whichever lane comes first: what one took of the step's room the others have no more."""
    store.run_with(
        *specs(3, rate_key="a", rate_ms=1000),
        *specs(3, rate_key="b", rate_ms=1000),
        *specs(5),
        of=definition(step(concurrency=4)),
    )
    jobs = store.lease()
    assert len(jobs) == 4
    store.complete(*jobs)
    assert len(store.lease()) == 3


def test_slots_that_one_lane_has_no_jobs_for_go_to_the_next_in_the_same_commit(store: StoreDriver) -> None:
    jobs = TURN + 8
    for _ in range(2):
        store.run_with(*specs(FIRST_TURN + jobs))
    store.complete(*store.lease(2 * FIRST_TURN))
    assert len(store.lease(2 * jobs)) == 2 * jobs
