"""How a plain Thespian actor gets its messages: the multiprocess bases' rule.

A handler that raises is called once more, at once, with a copy of the message; if it raises again, the sender gets the
message back as a ``PoisonMessage``. What a handler raises at an ``ActorExitRequest`` is ignored.
"""

import copy
import logging
import traceback
from typing import TYPE_CHECKING

from thespian.actors import ActorExitRequest, PoisonMessage, ThespianWatch

if TYPE_CHECKING:
    from runtime.engine.address import EngineAddress
    from runtime.engine.cell import ActorCell

logger = logging.getLogger("quaero.engine")


def deliver_plain(cell: "ActorCell", message: object, sender: "EngineAddress | None") -> object:
    """Handle one message; SystemExit escapes."""
    result: object = None
    try:
        result = cell.actor.receiveMessage(message, sender)
    except Exception as error:
        if not isinstance(message, ActorExitRequest):
            logger.warning(
                "%s failed on %s; trying once more", cell, type(message).__qualname__, exc_info=error
            )
            result = _again(cell, message, sender)
    cell.engine.files.watch(cell, result.filenos if isinstance(result, ThespianWatch) else None)
    return result


def _again(cell: "ActorCell", message: object, sender: "EngineAddress | None") -> object:
    try:
        return cell.actor.receiveMessage(copy.deepcopy(message), sender)
    except Exception:
        cell.failed += 1
        logger.exception("%s failed on %s again", cell, type(message).__qualname__)
        if sender is not None and not isinstance(message, PoisonMessage):
            sender.cell.post(PoisonMessage(message, traceback.format_exc()), cell.address)
    return None
