"""The runtime's own log (Python's logging) on stderr while a command runs: warnings and errors, one line each."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager

from runtime.cli.output import tell


class _ToStderr(logging.Handler):
    def emit(self, record: logging.LogRecord) -> None:
        tell(self.format(record))


@contextmanager
def logs_told() -> Iterator[None]:
    """Show what the loggers below ``quaero`` have to say; the host's root logger is left alone."""
    logger = logging.getLogger("quaero")
    handler = _ToStderr(logging.WARNING)
    handler.setFormatter(logging.Formatter("%(levelname)s %(name)s: %(message)s"))
    logger.addHandler(handler)
    before, logger.propagate = logger.propagate, False
    try:
        yield
    finally:
        logger.propagate = before
        logger.removeHandler(handler)
