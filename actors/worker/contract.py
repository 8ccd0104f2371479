"""The contract between the runtime and the code that does jobs.

A worker's outside effects happen at least once; everything it records through its ``JobContext`` (children,
documents, log lines) and what it returns is committed exactly once, together, when the body ends. A body that fails
leaves its log lines and the children it spawned ``even_if_failed``, and nothing else. ``errors`` has what it may
raise.
"""

from abc import ABC, abstractmethod
from collections.abc import Awaitable
from typing import Any

import msgspec

from actors.job import LeasedJob
from actors.settings import NoSettings
from actors.worker.context import JobContext
from actors.worker.errors import InvalidPayloadError


class Snooze(msgspec.Struct, frozen=True):
    """Returned by a body: run the job again after ``seconds``; this attempt does not count."""

    seconds: float


class Cancel(msgspec.Struct, frozen=True):
    """Returned by a body: the job ends ``cancelled``, with the reason."""

    reason: str


DISPATCHERS = ("io", "loop", "cpu", "core")
"""Where bodies can run."""


class WorkerOptions(msgspec.Struct, frozen=True):
    """How jobs of one type are run. ``[workers.<type>]`` in ``quaero.toml`` overrides each of them."""

    dispatcher: str = (
        "io"  # "io": a thread; "loop": the asyncio loop; "cpu": a process; "core": inline, must not block
    )
    slots: int = 16  # jobs of this type running at once in one runtime
    max_attempts: int = 3
    backoff_seconds: float = 1.0  # before the second attempt
    backoff_multiplier: float = 2.0
    max_backoff_seconds: float = 300.0
    jitter: float = 0.2  # share of the backoff that is drawn at random
    timeout_seconds: float = 0.0  # of one attempt, 0 = none
    stop_grace_seconds: float = 5.0  # to end after it was told: of a cancel, a timeout, the runtime's stop
    max_abandoned: int = 8  # bodies that ignore that and run on, before no more jobs of this type are taken
    spawns: bool = True  # whether its jobs can spawn more


class JobWorker(ABC):
    """What does the jobs of one type.

    The runtime makes one instance and calls ``execute`` for many jobs at the same time, so an instance keeps no
    state of a job. ``execute`` may be ``async def`` if ``options.dispatcher`` is "loop".
    """

    worker_type: str
    payload_type: type[Any]
    settings_type: type[msgspec.Struct] = NoSettings
    """What ``[workers.<type>]`` may say beside the options: a Struct, best with a default for every field."""
    options: WorkerOptions = WorkerOptions()
    _decoder: "msgspec.json.Decoder[Any] | None" = None

    def prepare(self) -> None:
        """Called once by the registry, before jobs run on several threads at once.

        msgspec 0.22 looks into a type when it is first decoded to, and several threads doing that at the same moment
        can crash the process.
        """
        try:
            self._decoder = msgspec.json.Decoder(self.payload_type)
        except TypeError as error:
            raise TypeError(f"the payload type of worker {self.worker_type!r}: {error}") from error

    @property
    def _payload_decoder(self) -> "msgspec.json.Decoder[Any]":
        if self._decoder is None:
            self.prepare()
        return self._decoder  # type: ignore[return-value]

    def validate(self, job: LeasedJob) -> Any:
        """Decode the job's payload.

        Raises:
            InvalidPayloadError: it is not what ``payload_type`` says; the job fails without another attempt.
        """
        return self.check_payload(job.payload)

    def check_payload(self, payload: str) -> Any:
        """Decode a payload, JSON text, be it of a job or of one that is to be made.

        Raises:
            InvalidPayloadError: it is not what ``payload_type`` says.
        """
        try:
            return self._payload_decoder.decode(payload)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            raise InvalidPayloadError(f"payload of {self.worker_type!r}: {error}") from error

    @abstractmethod
    def execute(self, job: LeasedJob, context: JobContext) -> Any | Awaitable[Any]:
        """Do the job. What it returns is the job's result (JSON), or a ``Snooze`` or ``Cancel``."""
