from actors.job import Attempt, Completed, Lease, LeasedJob
from actors.messages import SetDemand, Settle
from runtime.store.slots import Slots


def leased(job_id: int, token: int) -> LeasedJob:
    return LeasedJob(job_id, token, 1, 1, "work", "{}", None, 1, 3, 1, 0)


def settling(job_id: int, token: int) -> Settle:
    return Settle(1, (Attempt(Lease(job_id, token), 1, Completed()),))


def with_one_slot() -> Slots:
    slots = Slots()
    slots.order(SetDemand({"work": 1}, 0, ()))
    slots.hold([leased(7, token=2)], [], set())
    return slots


def test_what_is_settled_frees_its_slot() -> None:
    slots = with_one_slot()

    slots.release([settling(7, token=2)])

    assert slots.demand().free == {"work": 1}


def test_an_attempt_that_lost_its_lease_frees_no_slot_of_the_next_attempt() -> None:
    slots = with_one_slot()

    assert slots.release([settling(7, token=1)]) == []
    assert slots.demand().free == {"work": 0}


def test_what_a_failed_commit_released_is_held_again() -> None:
    slots = with_one_slot()

    slots.restore(slots.release([settling(7, token=2)]))

    assert slots.demand().free == {"work": 0}


def test_a_job_that_is_leased_again_after_its_lease_was_lost_holds_one_slot() -> None:
    slots = with_one_slot()

    slots.hold([leased(7, token=3)], [], set())
    slots.release([settling(7, token=2), settling(7, token=3)])

    assert slots.demand().free == {"work": 1}
