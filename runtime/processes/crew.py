"""The worker processes of one runtime. A job takes one that rests, or starts one.

How many there are at once is bounded by the threads of the ``cpu`` dispatcher, which wait for them.
"""

from collections.abc import Callable
from pathlib import Path
from threading import Lock

import msgspec

from actors.job import LeasedJob
from actors.messages import BodyEnded
from actors.settings import Settings
from actors.worker.context import JobContext
from actors.worker.contract import JobWorker
from runtime.logs.settings import LoggingSettings
from runtime.processes.naming import name_of
from runtime.processes.orders import RunBody, decode_answer, encoder
from runtime.processes.process import WorkerProcess, WorkerProcessDiedError


class WorkerProcesses:
    """Used by the threads of the ``cpu`` dispatcher."""

    def __init__(
        self,
        store: Path,
        settings: Settings,
        *,
        busy_timeout_seconds: float,
        logging: LoggingSettings | None = None,
        name: Callable[[], str] = str,
    ) -> None:
        """Start none yet. ``logging``: how their logs are written; ``name`` tells the runtime's number for them."""
        self._store = str(store.absolute())
        self._busy_timeout_seconds = busy_timeout_seconds
        self._settings = settings
        self._logging = logging
        self._name = name
        self._resting: list[WorkerProcess] = []
        self._all: set[WorkerProcess] = set()
        self._closed = False
        self._lock = Lock()

    def __repr__(self) -> str:
        return f"<WorkerProcesses({len(self._all)})>"

    @property
    def pids(self) -> list[int]:
        """The numbers of the processes there are."""
        with self._lock:
            return [each.pid for each in self._all]

    def run(self, worker: JobWorker, job: LeasedJob, context: JobContext) -> BodyEnded:
        """Run the body in a process, and wait for its end.

        Raises:
            WorkerProcessDiedError: the process died under it.
            OSError: none can be started.
            UnnamedWorkerError: a process can not find the worker.
            TypeError, ValueError: the order can not be written.
        """
        own = self._settings.workers.get(worker.worker_type)
        order = encoder.encode(
            RunBody(
                worker=name_of(worker),
                options=worker.options,
                settings=msgspec.Raw(encoder.encode(own)),
                job=job,
                step=context.step,
                tags=context.tags,
                store=self._store,
                busy_timeout_seconds=self._busy_timeout_seconds,
                logging=self._logging,
                runtime=self._name(),
                trace_context=context.trace_context,
            )
        )
        process = self._take()

        def begun() -> None:
            context.carry(lambda: process.tell(job.token), lambda: process.kill(job.token))

        try:
            answer = process.exchange(job.token, order, begun)
        finally:
            context.carry(None, None)
            self._give(process)
        return decode_answer(answer)

    def close(self) -> None:
        """End all of them, also those that run a body. None is started afterwards."""
        with self._lock:
            self._closed = True
            processes, resting, self._resting = list(self._all), self._resting, []
        for each in processes:
            each.hang_up()
        for each in processes:
            each.end()
        for each in resting:  # the others are released by the threads that wait for them
            each.release()

    def _take(self) -> WorkerProcess:
        with self._lock:
            if self._closed:
                raise WorkerProcessDiedError("the runtime stops: no worker process is started any more")
            while self._resting:
                process = self._resting.pop()
                if process.is_alive():
                    return process
                self._all.discard(process)
                process.release()
            process = WorkerProcess()
            self._all.add(process)
            return process

    def _give(self, process: WorkerProcess) -> None:
        with self._lock:
            if process.is_alive() and not self._closed:
                self._resting.append(process)
            else:
                self._all.discard(process)
                process.release()
