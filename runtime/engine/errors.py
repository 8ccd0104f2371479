"""What the engine raises in host threads; inside actors nothing of this appears."""

from actors.receive import HandlerFailed


class EngineError(Exception):
    """The engine can not do what it was asked."""


class AskTimeoutError(EngineError, TimeoutError):
    """No reply came in time. One that comes later is a dead letter."""


class ActorDeadError(EngineError):
    """The actor ended without a reply, or its engine is closing or closed."""


class MailboxFullError(EngineError):
    """The actor has more waiting messages than outsiders may add to."""


class UnknownDispatcherError(EngineError, ValueError):
    """There is no dispatcher of that name."""


class UnknownResourceError(EngineError, KeyError):
    """The engine was given no object of that name."""

    __str__ = Exception.__str__  # a KeyError shows its message in quotes


class HandlerFailedError(EngineError):
    """The handler of the asked message raised."""

    def __init__(self, failure: HandlerFailed) -> None:
        super().__init__(f"{failure.error_type}: {failure.message}")
        self.failure = failure
