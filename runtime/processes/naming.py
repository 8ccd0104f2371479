"""By which name a worker is found in another process: it has to be a variable of its module.

A module that is the program itself (``__main__``) is run in the process by its path, under another name, so that what
stands below ``if __name__ == "__main__"`` is not done again.
"""

import importlib
import runpy
import sys
from functools import cache
from typing import Any

from actors.worker.contract import JobWorker
from runtime.processes.orders import WorkerName

PROGRAM = "__quaero_main__"
"""What the program's module is called in a worker process."""


class UnnamedWorkerError(ValueError):
    """A worker can not be found by name, so no process can run it."""


def name_of(worker: JobWorker) -> WorkerName:
    """Where a process finds the worker.

    Raises:
        UnnamedWorkerError: nowhere.
    """
    module = getattr(getattr(worker, "function", type(worker)), "__module__", "") or ""
    found = sys.modules.get(module)
    for name, value in vars(found).items() if found is not None else ():
        if _is(value, worker):
            return _named(module, name, found)
    raise UnnamedWorkerError(
        f"worker {worker.worker_type!r} has dispatcher 'cpu' and no name in module {module!r}: a process finds it by"
        " name, so define it at the top of a module"
    )


def find(name: WorkerName, worker_type: str) -> JobWorker:
    """The worker of that name, in this process.

    Raises:
        UnnamedWorkerError: it is not there.
        Exception: whatever importing its module raises.
    """
    names = _program(name.path) if name.path else vars(importlib.import_module(name.module))
    found = names.get(name.name)
    if not isinstance(found, JobWorker) or found.worker_type != worker_type:
        raise UnnamedWorkerError(
            f"{name.path or name.module} has no worker {name.name} of type {worker_type!r}"
        )
    return found


def _named(module: str, name: str, found: Any) -> WorkerName:
    if module != "__main__":
        return WorkerName(module, name)
    spec = getattr(found, "__spec__", None)  # python -m package.module
    path = getattr(found, "__file__", None)
    if spec is not None and spec.name:
        return WorkerName(spec.name, name)
    if path is None:
        raise UnnamedWorkerError(
            f"worker {name!r} was typed into a session: a process finds only what a file has"
        )
    return WorkerName(module, name, path)


def _is(value: Any, worker: JobWorker) -> bool:
    """Whether that is the worker, or what a copy with other options was made of."""
    return type(value) is type(worker) and getattr(value, "worker_type", None) == worker.worker_type


@cache
def _program(path: str) -> dict[str, Any]:
    return runpy.run_path(path, run_name=PROGRAM)
