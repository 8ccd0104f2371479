"""How an engine is set up: numbers only, all with defaults that suit two cores and a service that embeds it."""

import os

import msgspec

ENCODE_VARIABLE = "QUAERO_ENCODE_MESSAGES"
"""Set to 1, engines that are not told otherwise encode and decode every message they deliver."""


class EngineConfig(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The settings of one engine; durations in seconds."""

    io_threads: int = 32
    """Threads of the io dispatcher at most; they are made when there is work for them."""

    cpu_threads: int = os.cpu_count() or 1
    """Threads of the cpu dispatcher at most: each waits for one process."""

    spare_threads: int = 64
    """Threads at most that take over the core queue from handlers that block."""

    turn_messages: int = 64
    """Messages an actor handles before the next one has its turn."""

    encode_messages: bool | None = None
    """Test mode: every message is encoded, decoded and compared. None: as QUAERO_ENCODE_MESSAGES says."""

    handoff_seconds: float = 0.005
    """A handler on core that runs longer than this has the queue taken from it."""

    slow_handler_seconds: float = 0.05
    """A handler on core that runs longer than this is logged with its stack."""

    mailbox_limit: int = 100_000
    """Messages in a mailbox beyond which those outside the engine are refused; actors never are."""

    close_seconds: float = 5.0
    """Thespian's ``shutdown()`` waits this long for handlers and bodies that do not end."""

    def __post_init__(self) -> None:
        for name in ("io_threads", "cpu_threads", "spare_threads", "turn_messages", "mailbox_limit"):
            if getattr(self, name) < 1:
                raise ValueError(f"{name} must be 1 or more, got {getattr(self, name)}")
        for name in ("handoff_seconds", "slow_handler_seconds", "close_seconds"):
            if getattr(self, name) <= 0:
                raise ValueError(f"{name} must be more than 0 seconds, got {getattr(self, name):g}")

    @property
    def encodes(self) -> bool:
        """Whether messages are encoded, here and now."""
        if self.encode_messages is None:
            return os.environ.get(ENCODE_VARIABLE) == "1"
        return self.encode_messages
