"""One page of a step's children, committed with the cursor of the next under the naming lease, or not at all."""

from actors.job import Closing, LogLevel, StepStart
from actors.messages import NameChildren, NamingFailed
from runtime.store.rows import ParentRow
from runtime.store.transaction import Transaction
from runtime.store.verbs.children import insert_children, insert_staged
from runtime.store.verbs.end import close, settle_parent

MAX_NAMING_ATTEMPTS = 3
"""Times a manager may fail to name one page before the step fails."""


def name_children(transaction: Transaction, request: NameChildren) -> tuple[bool, int]:
    """Commit the page; returns whether the lease still held, and how many children were admitted."""
    parent = _held(transaction, request.start)
    if parent is None:
        return False, 0
    page = request.page
    # It may have grown by what was spawned in its spawner's place: a page that says the same again takes nothing back.
    parent.max_children = max(parent.max_children, page.max_children)
    if page.concurrency:
        parent.concurrency = page.concurrency
    parent.by_level = int(page.level_by_level)
    if page.stored is None:
        inserted = len(insert_children(transaction, parent, page.children, None))
    else:
        inserted = len(insert_staged(transaction, parent, page.stored, request.start.step.config))
    full = 0 < parent.max_children <= parent.total
    parent.cursor = None if full else page.next_cursor
    parent.named = int(parent.cursor is None)
    parent.naming_attempt = 0  # counted anew for the next page
    settle_parent(transaction, parent)
    return True, inserted


def naming_failed(transaction: Transaction, request: NamingFailed) -> bool:
    """Try the page again later, or close the step as failed when that is pointless; returns whether the lease held."""
    parent = _held(transaction, request.start)
    if parent is None:
        return False
    if request.permanent or parent.naming_attempt >= MAX_NAMING_ATTEMPTS:
        close(transaction, parent, Closing.FAILED, request.error.message)
        settle_parent(transaction, parent)
    else:
        parent.naming = "ready"
        parent.naming_at = transaction.now_ms + request.retry_in_ms
        text = f"naming its children failed: {request.error.message}"
        transaction.log(parent.run_id, parent.id, LogLevel.WARNING, text)
        transaction.timed = True
    return True


def _held(transaction: Transaction, start: StepStart) -> ParentRow | None:
    parent = transaction.parents.get(start.step_id)
    if parent is None:
        transaction.load_parents((start.step_id,))
        parent = transaction.parents.get(start.step_id)
    if parent is None or parent.ended or parent.naming != "leased" or parent.token != start.token:
        return None
    transaction.change_parent(parent)
    parent.naming = "idle"
    parent.naming_owner = None
    return parent
