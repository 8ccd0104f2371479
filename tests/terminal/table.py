"""Every way a job's attempt or life can end, times every parent it can happen under: what the parent then is.

The one source of ``docs/reference/terminal-paths.md`` and of the tests in this directory: a row that is written here is
a test, and a test that fails makes the page a lie. Nothing here is computed by the product.
"""

import msgspec

PARENTS = {
    "alone": "the job is the step's only child",
    "among successes": "one sibling completes before, one after it",
    "among failures": "one sibling fails before, one after it",
    "last child": "one sibling has completed, one has failed; nothing else is open",
    "being cancelled": "one sibling has completed, then the step was cancelled while the job waited or ran",
    "being stopped": "one sibling has failed and used up the step's error tolerance (`stop_all`)",
}


class Path(msgspec.Struct, frozen=True):
    """One row. ``ends`` has a text for each of PARENTS: the parent's state, completed, failed, cancelled children."""

    name: str
    means: str
    ends: tuple[str, str, str, str, str, str]
    attempts: int = 1  # that the job has used in the end, where it is alone
    lost: int = 0  # that it has lost with a runtime, where it is alone


_AS_COMPLETED = (
    "completed 1 0 0",
    "completed 3 0 0",
    "completed_with_failures 1 2 0",
    "completed_with_failures 2 1 0",
    "cancelled 2 0 0",
    "failed 1 1 0",
)
_GIVEN_BACK = (*_AS_COMPLETED[:4], "cancelled 1 0 1", "failed 0 1 1")
_SPOILT = (*_AS_COMPLETED[:4], "cancelled 1 0 1", "failed 0 2 0")
_AS_FAILED = (
    "failed 0 1 0",
    "completed_with_failures 2 1 0",
    "failed 0 3 0",
    "completed_with_failures 1 2 0",
    "cancelled 1 0 1",
    "failed 0 2 0",
)
_AS_FAILED_WAITING = (*_AS_FAILED[:5], "failed 0 1 1")
_AS_CANCELLED = (
    "cancelled 0 0 1",
    "completed 2 0 1",
    "failed 0 2 1",
    "completed_with_failures 1 1 1",
    "cancelled 1 0 1",
    "failed 0 1 1",
)
_STEP_CANCELLED = (
    "cancelled 0 0 1",
    "cancelled 1 0 2",
    "cancelled 0 1 2",
    "cancelled 1 1 1",
    "cancelled 1 0 1",
    "failed 0 1 1",
)
_TIMED_OUT = (
    "failed 0 0 1",
    "failed 1 0 2",
    "failed 0 1 2",
    "failed 1 1 1",
    "cancelled 1 0 1",
    "failed 0 1 1",
)
_STOPPED = (
    "failed 0 1 1",
    "failed 2 1 1",
    "failed 0 3 1",
    "failed 1 2 1",
    "cancelled 1 0 2",
    "failed 0 2 1",
)

PATHS = (
    Path("completed", "the body returns", _AS_COMPLETED),
    Path("failed once", "the first attempt fails, the second completes", _SPOILT, attempts=2),
    Path("retries exhausted", "every attempt fails", _AS_FAILED, attempts=2),
    Path("permanent error", "the body raises `PermanentError`", _AS_FAILED),
    Path("garbage", "the body returns what is no JSON, in every attempt", _AS_FAILED, attempts=2),
    Path("bad payload", "the payload is not what the worker takes", _AS_FAILED_WAITING),
    Path("exit", "the body raises `SystemExit`, in every attempt", _AS_FAILED, attempts=2),
    Path("cancelled by itself", "the body returns `Cancel`", _AS_CANCELLED),
    Path("attempt timeout", "every attempt takes too long and ends when told", _AS_FAILED, attempts=2),
    Path("worker hung", "every attempt takes too long and hears nothing", _AS_FAILED, attempts=2),
    Path("worker died", "the worker actor dies in the last attempt", _AS_FAILED),
    Path("step timeout", "the step takes too long", _TIMED_OUT),
    Path("run timeout", "the run takes too long", _TIMED_OUT),
    Path("job cancelled, waiting", "an operator cancels the job before it runs", _AS_CANCELLED, attempts=0),
    Path("job cancelled, running", "an operator cancels the running job", _AS_CANCELLED),
    Path(
        "step cancelled, waiting", "an operator cancels the step before it runs", _STEP_CANCELLED, attempts=0
    ),
    Path("step cancelled, running", "an operator cancels the step while it runs", _STEP_CANCELLED),
    Path("run cancelled, waiting", "an operator cancels the run before it runs", _STEP_CANCELLED, attempts=0),
    Path("run cancelled, running", "an operator cancels the run while it runs", _STEP_CANCELLED),
    Path("stopped by tolerance", "another sibling's failure is one too many", _STOPPED, attempts=0),
    Path(
        "damaged row", "the row's checksum does not match when it is leased", _AS_FAILED_WAITING, attempts=0
    ),
    Path(
        "definition deleted",
        "the definition's file is deleted while the run goes on; the run has its own copy",
        _AS_COMPLETED,
    ),
    Path("snoozed", "the body returns `Snooze`; this ends nothing, the next attempt completes", _GIVEN_BACK),
    Path("interrupted", "the runtime stops; this ends nothing, the next one completes it", _GIVEN_BACK),
    Path("orchestrator died", "this ends nothing, the job is given back and completes", _GIVEN_BACK),
)
"""Rows that one runtime plays."""

PATHS_OF_RUNTIMES = (
    Path("runtime killed", "SIGKILL; this ends nothing, another runtime completes it", _GIVEN_BACK, lost=1),
    Path(
        "lost too often",
        "SIGKILL, once more than `max_lost`; so for the sibling that ran with it",
        (
            "failed 0 1 0",
            "completed_with_failures 1 2 0",
            "failed 0 3 0",
            "completed_with_failures 1 2 0",
            "cancelled 1 0 1",
            "failed 0 1 1",
        ),
        lost=1,
    ),
    Path(
        "lease lost",
        "the runtime is frozen beyond the lease; this ends nothing, another one completes it and the late outcome is"
        " refused",
        _GIVEN_BACK,
        lost=1,
    ),
)
"""Rows that need a second process."""
