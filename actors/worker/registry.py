"""Which worker does which job type in this runtime."""

from collections.abc import Iterable, Iterator, Mapping

from actors.worker.contract import JobWorker


class DuplicateWorkerError(ValueError):
    """Two workers have one type."""


class WorkerRegistry(Mapping[str, JobWorker]):
    """The workers of one runtime by type; fixed once made."""

    def __init__(self, workers: Iterable[JobWorker] = ()) -> None:
        self._workers: dict[str, JobWorker] = {}
        for each in workers:
            if not isinstance(each, JobWorker):
                raise TypeError(f"{each!r} is not a JobWorker: decorate the function with @worker(...)")
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
