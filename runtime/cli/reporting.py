"""The log on stderr while a command runs: warnings on one line, errors whole.

A command that works (``run``, ``work``, ``serve``) says with ``rendered_as``, once it is configured, how the log
of the whole process is to be written; others tell what loggers below ``quaero`` say, and load nothing for it.
"""

import logging
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING

from runtime.cli.output import say, tell, told_as

if TYPE_CHECKING:
    from runtime.embedding import Runtime


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


class Reporting:
    """How the log of a command is written."""

    def __init__(self, handler: logging.Handler) -> None:
        self._handler = handler
        self._stack = ExitStack()

    def rendered_as(self, runtime: "Runtime") -> None:
        """From now on as the runtime's configuration says, every line of the process."""
        from runtime.logs.rendering import rendered

        logger = logging.getLogger("quaero")
        logger.removeHandler(self._handler)
        logger.propagate = True
        settings = runtime.settings.logging
        shape = self._stack.enter_context(rendered(settings, say, lambda: runtime.assembly.name))
        if settings.format == "json":
            self._stack.enter_context(told_as(shape))

    def end(self) -> None:
        """As it was."""
        self._stack.close()


@contextmanager
def logs_told(level: int = logging.WARNING) -> Iterator[Reporting]:
    """Show what the loggers below ``quaero`` have to say from this level on; the root logger is left alone."""
    logger = logging.getLogger("quaero")
    handler = _ToStderr(level)
    handler.setFormatter(_OneLine("%(levelname)s %(name)s: %(message)s"))
    logger.addHandler(handler)
    before, logger.propagate = logger.propagate, False
    reporting = Reporting(handler)
    try:
        yield reporting
    finally:
        reporting.end()
        logger.propagate = before
        logger.removeHandler(handler)
