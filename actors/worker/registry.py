"""Which worker does which job type in this runtime."""

import inspect
from collections.abc import Iterable, Iterator, Mapping

import msgspec

from actors.settings import check_settings_type
from actors.worker.contract import DISPATCHERS, JobWorker, WorkerOptions

LEAST = {
    "slots": 0,  # of a runtime that only submits
    "max_attempts": 1,
    "backoff_seconds": 0,
    "backoff_multiplier": 0,
    "max_backoff_seconds": 0,
    "timeout_seconds": 0,
    "stop_grace_seconds": 0,
    "max_abandoned": 1,
    "jitter": 0,
}
"""The smallest values of options."""
_OPTIONS = frozenset(field.encode_name for field in msgspec.structs.fields(WorkerOptions))


class DuplicateWorkerError(ValueError):
    """Two workers have one type."""


class WorkerRegistry(Mapping[str, JobWorker]):
    """The workers of one runtime by type; fixed once made."""

    def __init__(self, workers: Iterable[JobWorker] = ()) -> None:
        self._workers: dict[str, JobWorker] = {}
        for each in workers:
            _check(each)
            if self._workers.setdefault(each.worker_type, each) is not each:
                raise DuplicateWorkerError(f"two workers have the type {each.worker_type!r}: rename one")
            each.prepare()

    def __repr__(self) -> str:
        return f"<WorkerRegistry({sorted(self._workers)})>"

    def __getitem__(self, worker_type: str) -> JobWorker:
        return self._workers[worker_type]

    def __iter__(self) -> Iterator[str]:
        return iter(self._workers)

    def __len__(self) -> int:
        return len(self._workers)


def _check(worker: object) -> None:
    """See that it is a worker, whole, on a dispatcher that can run it: else its jobs would hang or all fail."""
    if not isinstance(worker, JobWorker):
        made = isinstance(worker, type) and issubclass(worker, JobWorker)
        hint = "make an instance of it" if made else "decorate the function with @worker(...)"
        raise TypeError(f"{worker!r} is not a JobWorker: {hint}")
    for name in ("worker_type", "payload_type"):
        if not hasattr(worker, name):
            raise TypeError(f"{type(worker).__name__} has no {name}: set it in the class")
    for name, least in LEAST.items():
        value = getattr(worker.options, name)
        if not value >= least:  # a NaN is not
            raise ValueError(f"worker {worker.worker_type!r}: {name} must be {least} or more, got {value}")
    check_settings_type(f"worker {worker.worker_type!r}", worker.settings_type, _OPTIONS)
    dispatcher = worker.options.dispatcher
    if dispatcher not in DISPATCHERS:
        known = ", ".join(map(repr, DISPATCHERS))
        raise ValueError(f"worker {worker.worker_type!r} has dispatcher {dispatcher!r}; there are {known}")
    if inspect.iscoroutinefunction(getattr(worker, "function", worker.execute)) and dispatcher != "loop":
        raise ValueError(
            f'worker {worker.worker_type!r} is an async def, dispatcher {dispatcher!r} does not run such: use "loop"'
        )
