"""What ``[logging]`` of ``quaero.toml`` says."""

from typing import Literal

import msgspec

LogFormat = Literal["console", "json"]
LogThreshold = Literal["debug", "info", "warning", "error"]


class LoggingSettings(msgspec.Struct, frozen=True):
    """How the log of a process that is the runtime's own is written; a service's own logging is never touched."""

    format: LogFormat = "console"
    level: LogThreshold = "warning"
