"""A runtime's standing order goes into its row, so that ``explain`` knows in any process who could do what."""

import msgspec

from actors.messages import SetDemand
from runtime.store.offers import Offer
from runtime.store.transaction import Transaction


def offer(transaction: Transaction, demand: SetDemand) -> None:
    """Record what this runtime takes on from now on."""
    context = transaction.context
    made = Offer(
        demand.slots,
        demand.naming,
        demand.actions,
        demand.held_back,
        demand.draining,
        context.lease_ms,
    )
    transaction.connection.execute(
        "UPDATE owner SET offers = ? WHERE id = ?", (msgspec.json.encode(made).decode(), context.owner)
    )
