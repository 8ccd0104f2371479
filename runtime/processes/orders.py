"""What a runtime and its worker process say to each other. The answer to ``RunBody`` is ``BodyEnded``."""

from typing import Any

import msgspec

from actors.job import LeasedJob, Step
from actors.messages import BodyEnded
from actors.settings import Secret, decode_secret
from actors.worker.contract import WorkerOptions
from runtime.logs.settings import LoggingSettings


class WorkerName(msgspec.Struct, frozen=True):
    """Where a worker is found: ``name`` in the module; ``path``: the file of a program that was started by it."""

    module: str
    name: str
    path: str = ""


class RunBody(msgspec.Struct, frozen=True, tag=True):
    """Run this worker's body for the job."""

    worker: WorkerName
    options: WorkerOptions
    settings: msgspec.Raw  # the worker's own
    job: LeasedJob
    step: Step
    tags: tuple[str, ...]
    store: str  # its documents can be read
    busy_timeout_seconds: float
    logging: LoggingSettings | None = None  # how its log is written; None = as Python does
    runtime: str = ""  # the runtime's number, for its lines
    trace_context: str | None = None  # of the attempt's span, which is the runtime's to make


class TellBody(msgspec.Struct, frozen=True, tag=True):
    """The attempt of this token is to end."""

    token: int


def _revealed(value: Any) -> Any:
    if isinstance(value, Secret):
        return value.reveal()
    raise TypeError(f"a {type(value).__qualname__} can not be sent to a worker process")


encoder = msgspec.msgpack.Encoder(enc_hook=_revealed)
_orders = msgspec.msgpack.Decoder(RunBody | TellBody)
_answers = msgspec.msgpack.Decoder(BodyEnded)


def decode_order(data: bytes) -> RunBody | TellBody:
    """What the runtime wants.

    Raises:
        msgspec.DecodeError: it is no order.
    """
    order: RunBody | TellBody = _orders.decode(data)
    return order


def decode_answer(data: bytes) -> BodyEnded:
    """How the body ended.

    Raises:
        msgspec.DecodeError: it is no answer.
    """
    return _answers.decode(data)


def decode_settings(data: msgspec.Raw, settings_type: type[Any]) -> Any:
    """The worker's own settings, as its type."""
    return msgspec.msgpack.decode(data, type=settings_type | None, dec_hook=decode_secret)
