"""One worker process, as the runtime holds it.

Whoever runs a body waits in ``exchange``; ``tell`` and ``kill`` come from other threads and name the attempt's token,
so that they never meet the next one. The process hears of the runtime's death by a pipe of which the runtime alone
holds the other end.
"""

import os
import selectors
import signal
import socket
import subprocess
from collections.abc import Callable
from contextlib import suppress
from io import FileIO
from threading import Lock

from runtime.processes.command import command_of
from runtime.processes.frames import FrameReader, framed
from runtime.processes.orders import TellBody, encoder

STDERR = 2
KEPT_OUTPUT = 1500
"""Characters of a process's last output that are told of its death."""
END_SECONDS = 1.0
"""How long a process that was told to end may take before it is killed."""


class WorkerProcessDiedError(RuntimeError):
    """A worker process ended under a body: a crash, or the system's killer for want of memory."""


class WorkerProcess:
    """Started with its first use."""

    def __init__(self) -> None:
        """Start the process.

        Raises:
            OSError: it can not be started.
        """
        self._socket, theirs = socket.socketpair()
        alive, self._life = _pipe()
        self._output, written = _pipe()
        os.set_blocking(self._output.fileno(), False)
        command = command_of("runtime.processes.child", theirs.fileno(), alive.fileno())
        with theirs, alive, written:
            try:
                self._process = subprocess.Popen(  # noqa: S603 (this interpreter, and our own code)
                    command,
                    stdin=subprocess.DEVNULL,
                    stdout=written,
                    stderr=written,
                    pass_fds=(theirs.fileno(), alive.fileno()),
                )
            except BaseException:
                self.release()
                raise
        self._frames = FrameReader()
        self._tail = ""
        self._state = Lock()  # guards the token
        self._token: int | None = None

    def __repr__(self) -> str:
        return f"<WorkerProcess({self.pid})>"

    @property
    def pid(self) -> int:
        """Its number."""
        return self._process.pid

    def is_alive(self) -> bool:
        """Whether it runs."""
        return self._process.poll() is None

    def exchange(self, token: int, order: bytes, begun: Callable[[], object]) -> bytes:
        """Send the order of the attempt and wait for its answer; what the process prints goes to our stderr meanwhile.

        ``begun`` is called when the order was sent: from then on ``tell`` and ``kill`` have an effect.

        Raises:
            WorkerProcessDiedError: it ended without an answer.
        """
        frame = framed(order)
        with self._state:
            self._token = token
        try:
            with suppress(OSError):  # it is seen below why
                self._socket.sendall(frame)
            begun()
            return self._answer()
        finally:
            with self._state:
                self._token = None

    def tell(self, token: int) -> None:
        """The attempt of that token is to end; one that is over hears nothing."""
        with self._state, suppress(OSError):
            if self._token == token:
                # A few bytes: there is room for them, and whoever can not take them now will be killed.
                self._socket.send(framed(encoder.encode(TellBody(token))), socket.MSG_DONTWAIT)

    def kill(self, token: int) -> None:
        """End the process if it still runs that attempt."""
        with self._state:
            if self._token == token:
                self._process.kill()

    def hang_up(self) -> None:
        """Let it end, whatever it does; whoever waits in ``exchange`` finds it dead."""
        self._life.close()
        with suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)

    def end(self) -> None:
        """See that it has ended, after ``hang_up``."""
        try:
            self._process.wait(END_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def release(self) -> None:
        """Close our ends; nobody waits in ``exchange`` any more."""
        self._life.close()
        self._socket.close()
        self._output.close()

    def _answer(self) -> bytes:
        with selectors.DefaultSelector() as waiting:
            waiting.register(self._socket, selectors.EVENT_READ)
            waiting.register(self._output, selectors.EVENT_READ)
            while True:
                for key, _ in waiting.select():
                    if key.fileobj is not self._socket:
                        if self._pass_output() == b"":  # it has closed its own
                            waiting.unregister(self._output)
                        continue
                    try:
                        data = self._socket.recv(1 << 20)
                    except OSError:
                        data = b""
                    if not data:
                        raise self._death()
                    frame = self._frames.feed(data)
                    if frame is not None:
                        self._pass_output()
                        return frame

    def _pass_output(self) -> bytes | None:
        """Show what was printed where our own errors go, and keep the end of it; None: nothing now, empty: no more."""
        data = self._output.read(1 << 16)
        if data:
            self._tail = (self._tail + data.decode("utf-8", "replace"))[-KEPT_OUTPUT:]
            with suppress(OSError):
                os.write(STDERR, data)
        return data

    def _death(self) -> WorkerProcessDiedError:
        status = self._process.wait()
        while self._pass_output():
            pass
        how = f"ended with exit status {status}"
        if status < 0:
            known = -status in set(signal.Signals)
            how = f"was killed by {signal.Signals(-status).name if known else f'signal {-status}'}"
        said = self._tail.strip()
        text = f"the worker process {how} while it ran the body"
        return WorkerProcessDiedError(text + (f"; its last output: {said}" if said else ""))


def _pipe() -> tuple[FileIO, FileIO]:
    """The reading and the writing end; each closes its descriptor once."""
    reading, writing = os.pipe()
    return FileIO(reading, "rb"), FileIO(writing, "wb")
