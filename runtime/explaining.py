"""``explain`` as a service calls it: what the rows say, and what only this process knows of its store."""

import msgspec

from actors.ids import id_text
from actors.messages import GetHealth, StoreHealth
from runtime.assembly import Assembly
from runtime.engine import EngineError
from runtime.store.explaining.reason import Explanation, Reason, ReasonCode
from runtime.store.reading.reader import StoreReader

HEALTH_SECONDS = 1.0
"""A store's actor that does not say in that time whether it can commit waits for the disk or for another process."""


def explained(assembly: Assembly, reader: StoreReader, job_id: int) -> Explanation:
    """Why a run, a step or a job does not move.

    Raises:
        LookupError: the store has none of that id.
    """
    found = reader.explain(job_id, assembly.clock)
    if found is None:
        raise LookupError(f"there is no run, step or job {id_text(job_id)} in {reader.path}")
    if found.reasons and found.reasons[0].code is ReasonCode.ENDED:
        return found
    trouble = _trouble(assembly)
    if not trouble:
        return found
    hint = "it goes on by itself once that is over: look for a full disk, or a process that holds the store's lock"
    reason = Reason(ReasonCode.STORE_UNAVAILABLE, trouble, hint)
    return msgspec.structs.replace(found, reasons=(reason, *found.reasons))


def _trouble(assembly: Assembly) -> str:
    """Why this process can not commit; "" = it can."""
    if assembly.failure:
        return f"this runtime has given up: {assembly.failure}"
    try:
        health = assembly.ask(GetHealth(), HEALTH_SECONDS)
    except EngineError as error:
        return f"this runtime's store does not answer: {error}"
    if isinstance(health, StoreHealth) and health.unavailable:
        return f"this runtime's store can not commit: {health.unavailable}"
    return ""
