"""What a body may raise, and what that says of its attempt.

::

    Exception                     the attempt failed; repeated while attempts remain
    ├── RetryableError            the same, with the time to wait if the body knows it
    ├── PermanentError            the job failed; not repeated
    │   ├── DocumentTooLargeError a body is longer than what is kept of a document
    │   └── InvalidPayloadError   the payload is not what the worker's type says
    └── JobCancelledError         raised by ``context.raise_if_cancelled()``: the job is being cancelled
"""


class RetryableError(Exception):
    """The attempt failed and may be repeated, not before ``retry_after_seconds`` if that is given."""

    def __init__(self, message: str, *, retry_after_seconds: float | None = None) -> None:
        super().__init__(message)
        self.retry_after_seconds = retry_after_seconds


class PermanentError(Exception):
    """The job can not succeed: it ends ``failed`` without another attempt."""


class InvalidPayloadError(PermanentError):
    """The payload does not decode to the worker's payload type."""


class DocumentTooLargeError(PermanentError):
    """A document's body is longer than what is kept of one."""


class JobCancelledError(Exception):
    """The job is being cancelled or its runtime stops: the body gives up."""
