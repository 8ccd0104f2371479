"""How host threads and coroutines reach actors: tell, and ask with an answer that belongs to the question.

``tell`` and ``ask`` also reach the actors of Thespian's own bases.
"""

from contextlib import suppress
from typing import TYPE_CHECKING, Any

import msgspec
from thespian.actors import ActorAddress, ActorSystem

from actors.portable import Wire, ask_from_outside
from actors.receive import HandlerFailed
from runtime.engine.address import EngineAddress
from runtime.engine.cell import ActorCell
from runtime.engine.errors import ActorDeadError, AskTimeoutError, HandlerFailedError, MailboxFullError
from runtime.engine.ports import CallbackPort, Port, ThreadPort
from runtime.engine.system import Endpoint

if TYPE_CHECKING:
    import asyncio

    from runtime.engine.engine import Engine


def tell(system: ActorSystem, address: ActorAddress, message: object) -> None:
    """Send a message to an actor; from any thread, never blocks.

    Raises:
        ActorDeadError: the engine is closing or closed.
        MailboxFullError: too many messages wait there already.
    """
    if _is_foreign(system):
        system.tell(address, Wire(message) if isinstance(message, msgspec.Struct) else message)
        return
    endpoint = _endpoint(system, address)
    _admit(endpoint.engine, address)
    endpoint.tell(address, message)


def ask(system: ActorSystem, address: ActorAddress, message: object, timeout_seconds: float) -> Any:
    """Send a message to an actor and wait for its reply; from any thread but the engine's own.

    Raises:
        AskTimeoutError: no reply came in time.
        ActorDeadError: the actor ended without a reply, or the engine is closing or closed.
        HandlerFailedError: the handler raised.
        MailboxFullError: too many messages wait there already.
    """
    if _is_foreign(system) and isinstance(message, msgspec.Struct):
        reply = ask_from_outside(system, address, message, timeout_seconds)
        if reply is None:
            raise AskTimeoutError(_no_reply(address, message, timeout_seconds))
        return _opened(reply)
    engine = _endpoint(system, address).engine
    port = ThreadPort(engine)
    _send(engine, port, address, message)
    if not engine.wait_for(port, timeout_seconds):
        raise AskTimeoutError(_no_reply(address, message, timeout_seconds))
    if port.error is not None:
        raise port.error
    return _opened(port.reply)


async def ask_async(
    system: ActorSystem, address: ActorAddress, message: object, timeout_seconds: float
) -> Any:
    """As ``ask``, for a coroutine on any loop: the reply wakes that loop."""
    import asyncio

    engine = _endpoint(system, address).engine
    loop = asyncio.get_running_loop()
    future: asyncio.Future[object] = loop.create_future()

    def settle(reply: object, error: ActorDeadError | None) -> None:
        with suppress(RuntimeError):  # the loop is closed: nobody waits there, and others are still to hear
            loop.call_soon_threadsafe(_set, future, reply, error)

    port = CallbackPort(engine, settle)
    _send(engine, port, address, message)
    while engine.dispatchers.stepped and not port.settled.locked() and engine.dispatchers.step():
        pass
    try:
        async with asyncio.timeout(timeout_seconds):
            return _opened(await future)
    except TimeoutError:
        raise AskTimeoutError(_no_reply(address, message, timeout_seconds)) from None
    finally:
        port.withdraw()


def _set(future: "asyncio.Future[object]", reply: object, error: ActorDeadError | None) -> None:
    if future.done():
        return
    if error is None:
        future.set_result(reply)
    else:
        future.set_exception(error)


def _send(engine: "Engine", port: Port, address: ActorAddress, message: object) -> None:
    _admit(engine, address)
    engine.ask_through(port, address, engine.passed(message))
    if engine.closing:
        port.missing(f"{engine.name} is closing")


def _is_foreign(system: ActorSystem) -> bool:
    base = getattr(system, "_systemBase", None)
    return base is not None and not isinstance(base, Endpoint)


def _endpoint(system: ActorSystem, address: ActorAddress) -> Endpoint:
    # Read once: another thread may be closing the system.
    base = getattr(system, "_systemBase", None)
    if not isinstance(base, Endpoint):
        raise ActorDeadError(f"{address} can not be reached: its engine is closed")
    if base.engine.closed:
        raise ActorDeadError(f"{address} can not be reached: {base.engine.name} is closed")
    return base


def _admit(engine: "Engine", address: ActorAddress) -> None:
    cell = address.cell if isinstance(address, EngineAddress) else None
    mailbox = cell.mailbox if isinstance(cell, ActorCell) else None
    if mailbox is not None and len(mailbox) >= engine.config.mailbox_limit:
        raise MailboxFullError(
            f"{cell!r} has {len(mailbox)} messages waiting, its limit for outsiders is "
            f"{engine.config.mailbox_limit}; send less, or raise EngineConfig.mailbox_limit"
        )


def _no_reply(address: ActorAddress, message: object, timeout_seconds: float) -> str:
    cell = getattr(address, "cell", None)
    name = cell.plan.name if isinstance(cell, ActorCell) else str(address)
    return f"{name} did not reply to {type(message).__qualname__} within {timeout_seconds:g} s"


def _opened(reply: object) -> Any:
    if isinstance(reply, HandlerFailed):
        raise HandlerFailedError(reply)
    return reply
