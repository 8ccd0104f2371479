"""Workers: what runs single jobs.

- ``contract``     JobWorker, its options, and the values a body may return besides a result
- ``context``      JobContext: what a body reads, and records for the commit of its outcome; JobSpawner
- ``errors``       what a body may raise
- ``decorator``    ``@worker``: one function as a JobWorker
- ``registry``     which worker does which job type
- ``backoff``      how long to wait before the next attempt (pure)
- ``attempt``      runs one body and turns whatever it does into an Attempt
- ``actor``        WorkerActor: one per child job whose body runs or may run
- ``observed``     ObservedWorkerActor: one that lets an observer see each attempt
- ``agent``        finds something out about a stored document
- ``places_search``  asks for one page of places
- ``crawler_url``  fetches one page and spawns a job per link
- ``test_job_generator``   made-up work, to try a runtime out
"""

from actors.worker.context import JobContext, JobSpawner
from actors.worker.contract import Cancel, JobWorker, Snooze, WorkerOptions
from actors.worker.decorator import worker
from actors.worker.errors import InvalidPayloadError, JobCancelledError, PermanentError, RetryableError
from actors.worker.registry import WorkerRegistry

__all__ = [
    "Cancel",
    "InvalidPayloadError",
    "JobCancelledError",
    "JobContext",
    "JobSpawner",
    "JobWorker",
    "PermanentError",
    "RetryableError",
    "Snooze",
    "WorkerOptions",
    "WorkerRegistry",
    "worker",
]
