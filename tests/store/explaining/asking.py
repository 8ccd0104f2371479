"""Asks a store why something does not move, as a process without a part in it would."""

from typing import Any

from actors.messages import SetDemand
from runtime.store.explaining.reason import Explanation, Reason, ReasonCode
from runtime.store.reading.reader import StoreReader
from tests.store.driver import ACTIONS, StoreDriver


def offers(store: StoreDriver, *, naming: int = 4, **options: Any) -> None:
    """The store's runtime takes these jobs; two slots for "work" and for "other" unless something else is said."""
    order: dict[str, Any] = {"slots": {"work": 2, "other": 2}, "naming": naming, "actions": ACTIONS}
    store.commit(SetDemand(**{**order, **options}))


def asked(store: StoreDriver, job_id: int) -> Explanation:
    """The whole answer, from a connection of its own."""
    reader = StoreReader(store.path)
    try:
        found = reader.explain(job_id, store.clock)
    finally:
        reader.close()
    assert found is not None
    return found


def why(store: StoreDriver, job_id: int) -> list[Reason]:
    return list(asked(store, job_id).reasons)


def only(store: StoreDriver, job_id: int, code: ReasonCode) -> Reason:
    """The one reason there is, which is of that code."""
    reasons = why(store, job_id)
    assert [reason.code for reason in reasons] == [code], reasons
    return reasons[0]


def codes(store: StoreDriver, job_id: int) -> list[str]:
    return [reason.code.value for reason in why(store, job_id)]


def job_ids(store: StoreDriver) -> list[int]:
    return [row[0] for row in store.rows("SELECT id FROM job WHERE kind = 'job' ORDER BY id")]
