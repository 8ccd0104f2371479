"""The runtime's own log (Python's logging) on stderr while a command runs: warnings on one line, errors whole."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager

from runtime.cli.output import tell


class _OneLine(logging.Formatter):
    """A warning is its first line; an error comes with its traceback."""

    def format(self, record: logging.LogRecord) -> str:
        if record.levelno >= logging.ERROR:
            return super().format(record)
        first = record.getMessage().partition("\n")[0]
        cause = record.exc_info[1] if record.exc_info else None
        return f"{record.levelname} {record.name}: {first}" + (f": {cause!r}" if cause is not None else "")


class _ToStderr(logging.Handler):
    def emit(self, record: logging.LogRecord) -> None:
        tell(self.format(record))


@contextmanager
def logs_told(level: int = logging.WARNING) -> Iterator[None]:
    """Show what the loggers below ``quaero`` have to say from this level on; the root logger is left alone."""
    logger = logging.getLogger("quaero")
    handler = _ToStderr(level)
    handler.setFormatter(_OneLine("%(levelname)s %(name)s: %(message)s"))
    logger.addHandler(handler)
    before, logger.propagate = logger.propagate, False
    try:
        yield
    finally:
        logger.propagate = before
        logger.removeHandler(handler)
