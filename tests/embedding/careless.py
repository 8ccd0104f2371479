"""A worker that does whatever a careless service may have its bodies do."""

import msgspec

from actors.worker import Cancel, JobContext, worker
from tests.embedding.workers import ALL, Number

WAIT = 100.0


class Anything(msgspec.Struct, frozen=True):
    """A payload that says what the body is to do."""

    what: str


class SpeechlessError(BaseException):
    """One that can not be printed."""

    def __str__(self) -> str:
        raise BaseException("no words")  # noqa: TRY002


class UntraceableError(Exception):
    """One that can not be looked at."""

    def __bool__(self) -> bool:
        raise RuntimeError("no look")


@worker("careless", max_attempts=1)
def careless(payload: Anything, context: JobContext) -> object:
    """Do something careless."""
    match payload.what:
        case "spawn a wrong payload":
            context.spawn_child_job("double", {"number": "three"})  # type: ignore[arg-type]
        case "spawn an unknown type":
            context.spawn_child_job("optimize", payload)
        case "spawn by worker":
            context.spawn_child_job(ALL[0], Number(1))
        case "log no text":
            context.info(404)  # type: ignore[arg-type]
        case "log a file name":
            context.info("caf\udce9.txt")
        case "spawn and cancel":
            context.spawn_child_job("double", Number(1))
            return Cancel("not needed")
        case "patch with a tuple":
            context.patch_document(1, {"sizes": (1, 2)})
        case "interrupt":
            raise KeyboardInterrupt
        case "raise what has no words":
            raise SpeechlessError
        case "raise what can not be traced":
            raise UntraceableError("so much is known")
    return payload.what
