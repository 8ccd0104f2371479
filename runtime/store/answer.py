"""Which verb answers which request; ``operate`` those of an operator.

Settlements are not among them: those that stand side by side are done together.
"""

from typing import Any

from actors.messages import (
    CloseParent,
    ExtendLeases,
    GiveBack,
    KeyTaken,
    NameChildren,
    Named,
    NamingFailed,
    Recorded,
    Refused,
    SetDemand,
    Staged,
    StagePage,
    Submit,
    Submitted,
)
from runtime.store.operate import operate
from runtime.store.transaction import Transaction
from runtime.store.verbs.end import close, close_run, settle_parent
from runtime.store.verbs.name import name_children, naming_failed
from runtime.store.verbs.offer import offer
from runtime.store.verbs.own import extend
from runtime.store.verbs.recover import give_back_own
from runtime.store.verbs.submit import SubmitKeyTakenError, UnknownStepError, stage_page, submit


def answer(transaction: Transaction, request: Any) -> Any:
    """Do what the request asks; returns the reply, or None where none is expected.

    Raises:
        TypeError: it is no request to the store.
    """
    match request:
        case Submit():
            try:
                return Submitted(*submit(transaction, request))
            except SubmitKeyTakenError as error:
                return KeyTaken(error.key, error.run_id)
            except UnknownStepError as error:
                return Refused(str(error), "name a step of the same definition")
        case StagePage():
            stage_page(transaction, request.run_id, request.page)
            return Staged(request.page.number)
        case NameChildren():
            return Named(request.start.step_id, *name_children(transaction, request))
        case NamingFailed():
            return Named(request.start.step_id, naming_failed(transaction, request))
        case SetDemand():
            offer(transaction, request)
        case ExtendLeases():
            extend(transaction, request.job_ids)
        case GiveBack():
            give_back_own(transaction, request.parent_id, request.reason, namings_only=request.namings_only)
        case CloseParent():
            parent = transaction.parent(request.job_id)
            if parent.kind == "run":
                close_run(transaction, parent, request.closing, request.reason)
            else:
                close(transaction, parent, request.closing, request.reason)
                settle_parent(transaction, parent)
        case _:
            return operate(transaction, request)
    return (
        Recorded(request.number) if isinstance(request, GiveBack | CloseParent) and request.number else None
    )
