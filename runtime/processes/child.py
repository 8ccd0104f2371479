"""What runs in a worker process: takes one order after the other, and runs the body on its main thread.

A second thread reads the socket, so that a body that looks at ``context.cancelled`` sees that it is to end. SIGINT and
SIGTERM are the runtime's affair: it tells the bodies. When the runtime dies the life pipe breaks, and the process ends:
by a signal that needs no Python, whatever the body does.
"""

import fcntl
import os
import signal
import socket
import sys
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from copy import copy
from pathlib import Path
from queue import SimpleQueue
from threading import Thread
from typing import Any

from actors.job import Attempt, prepare_types
from actors.messages import BodyEnded
from actors.seams import SystemClock, SystemRandom
from actors.settings import Settings
from actors.worker.attempt import failure_of, run_body
from actors.worker.context import JobContext
from runtime.logs.bound import bound
from runtime.processes.frames import FrameReader, FrameTooLargeError, framed, next_frame
from runtime.processes.naming import find
from runtime.processes.orders import RunBody, decode_order, decode_settings, encoder
from runtime.telemetry.remote import span_of


class _Running:
    """The body that runs now, for the thread that reads."""

    context: JobContext | None = None
    token = 0
    log: AbstractContextManager[object] | None = None  # how lines are written, once it was said
    told = 0  # the last attempt that is to end, which may not have begun


def main(connection_number: int, life_number: int) -> None:
    """Serve the runtime at the other end until it closes or dies."""
    die_with_the_runtime(life_number)
    prepare_types()
    connection = socket.socket(fileno=connection_number)
    orders: SimpleQueue[RunBody | None] = SimpleQueue()
    running = _Running()
    Thread(target=_read, args=(connection, orders, running), daemon=True).start()
    while (order := orders.get()) is not None:
        connection.sendall(_answer(order, running))


def die_with_the_runtime(life_number: int) -> None:
    """SIGIO, whose default is death, when the last writer of the pipe is gone."""
    for each in (signal.SIGINT, signal.SIGTERM):
        signal.signal(each, signal.SIG_IGN)
    signal.signal(signal.SIGIO, signal.SIG_DFL)
    fcntl.fcntl(life_number, fcntl.F_SETOWN, os.getpid())
    flags = fcntl.fcntl(life_number, fcntl.F_GETFL)
    fcntl.fcntl(life_number, fcntl.F_SETFL, flags | os.O_ASYNC | os.O_NONBLOCK)
    try:
        gone = os.read(life_number, 1) == b""  # it died before this was set
    except BlockingIOError:
        gone = False
    if gone:
        os._exit(1)


def _read(connection: socket.socket, orders: "SimpleQueue[RunBody | None]", running: _Running) -> None:
    frames = FrameReader()
    try:
        while (data := next_frame(connection, frames)) is not None:
            order = decode_order(data)
            if isinstance(order, RunBody):
                orders.put(order)
                continue
            running.told = order.token
            context = running.context
            if context is not None and order.token == running.token:
                context.mark_cancelled()
    except OSError:
        pass
    os._exit(0)  # also under a body: nobody is there to hear its end


def _answer(order: RunBody, running: _Running) -> bytes:
    """Run the body; its end as a frame. Whatever it raises is an outcome, and so is what can not be sent."""
    try:
        context, worker = _prepared(order)
    except BaseException as error:  # noqa: BLE001 (its module may raise anything)
        return framed(encoder.encode(_failed(order, error)))
    running.token, running.context = order.job.token, context
    if running.told == order.job.token:
        context.mark_cancelled()
    try:
        _set_log(order, running)
        with _bound(context), span_of(order.trace_context):
            ended = run_body(worker, order.job, context, SystemRandom())
    except BaseException as error:  # noqa: BLE001 (SystemExit and the like are this body's failure)
        ended = _failed(order, error)
    finally:
        running.context = None
    try:
        return framed(encoder.encode(ended))
    except (FrameTooLargeError, TypeError, ValueError) as error:
        return framed(encoder.encode(_failed(order, error)))


def _prepared(order: RunBody) -> tuple[JobContext, Any]:
    worker = copy(find(order.worker, order.job.type))
    worker.options = order.options
    worker.prepare()
    own = decode_settings(order.settings, worker.settings_type)
    settings = Settings(workers={order.job.type: own} if own is not None else {})

    def resource(name: str) -> Any:
        if name == "settings":
            return settings
        if name == "documents":
            from runtime.store.reading.document_source import StoredDocuments

            return StoredDocuments(Path(order.store), busy_timeout_seconds=order.busy_timeout_seconds)
        raise KeyError(
            f"there is no resource {name!r} in a worker process (dispatcher 'cpu'): resources live in the runtime's"
        )

    context = JobContext(order.job, order.step, order.tags, SystemClock(), resource)
    context.trace_context = order.trace_context
    return context, worker


def _set_log(order: RunBody, running: _Running) -> None:
    """Have the log written as the runtime's is, to the end of the process: stderr is shown where the runtime's is."""
    if order.logging is not None and running.log is None:
        from runtime.logs.rendering import rendered

        running.log = rendered(order.logging, _tell, lambda: order.runtime)
        running.log.__enter__()


def _tell(text: str) -> None:
    with suppress(OSError):
        sys.stderr.write(text + "\n")
        sys.stderr.flush()


@contextmanager
def _bound(context: JobContext) -> Iterator[None]:
    token = bound.set(context)
    try:
        yield
    finally:
        bound.reset(token)


def _failed(order: RunBody, error: BaseException) -> BodyEnded:
    job = order.job
    failed = failure_of(
        error,
        job.attempt,
        order.options,
        SystemRandom(),
        at_ms=SystemClock().wall_ms(),
        first_ms=job.backoff_ms,
    )
    return BodyEnded(Attempt(job.lease, job.step_id, failed))
