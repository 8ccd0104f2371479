"""Why a page could not be fetched. Pure.

::

    FetchError                   ``retryable`` says whether another attempt can help
    ├── PrivateAddressError      the address is not of the internet; never retryable
    └── HttpStatusError          the server answered 4xx or 5xx
"""


class FetchError(Exception):
    """A page could not be fetched.

    ``retry_after_seconds`` is what the server asked to wait, None if it did not.
    """

    def __init__(self, message: str, *, retryable: bool, retry_after_seconds: float | None = None) -> None:
        super().__init__(message)
        self.retryable = retryable
        self.retry_after_seconds = retry_after_seconds


class PrivateAddressError(FetchError):
    """The connection would have gone to an address that is not of the internet."""

    def __init__(self, url: str, address: str) -> None:
        super().__init__(
            f"{url} is at {address}, which is not an address of the internet: "
            "set allow_private_addresses = true in the step if it is meant",
            retryable=False,
        )
        self.address = address


class HttpStatusError(FetchError):
    """The server answered with an error."""

    def __init__(
        self, url: str, status: int, reason: str, *, retryable: bool, retry_after_seconds: float | None
    ) -> None:
        said = f"{status} {reason[:80]}".strip()
        super().__init__(
            f"{url} answered {said}", retryable=retryable, retry_after_seconds=retry_after_seconds
        )
        self.status = status
