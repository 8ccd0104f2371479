"""A turn of an actor on the asyncio loop: handlers may be coroutines, and the mailbox waits for them."""

import asyncio
from typing import TYPE_CHECKING

from runtime.engine.ending import STOPPING, begin_exit, die_of
from runtime.engine.mailbox import popper

if TYPE_CHECKING:
    from runtime.engine.cell import ActorCell


async def run_loop_turn(cell: "ActorCell") -> None:
    """Handle what waits, some messages at most. The caller holds the turn."""
    mailbox = cell.make_mailbox()
    queued_at, before, started = cell.queued_at, cell.handled, cell.engine.now()
    pop, budget = popper(mailbox), cell.engine.turn_messages
    try:
        while mailbox and budget:
            budget -= 1
            message, sender = pop(mailbox)
            cell.handled += 1
            result = cell.take(message, sender)
            if not hasattr(result, "__await__"):
                continue
            try:
                await result
            except SystemExit as error:
                die_of(cell, error)
            except asyncio.CancelledError as error:
                # When the engine closes, it cancels what waits; otherwise it is the handler's own doing.
                if not cell.engine.closing:
                    cell.actor.handler_raised(message, sender, error)
            except Exception as error:  # noqa: BLE001 (the edge)
                cell.actor.handler_raised(message, sender, error)
            if cell.state == STOPPING:
                begin_exit(cell, recursive=True)
    finally:
        if queued_at:
            cell.sample(queued_at, started, before)
        cell.give_turn_back()
