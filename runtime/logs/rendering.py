"""Every log line of the process through structlog, whether it came by Python's logging or by structlog itself.

For people a line is short and on one line, but for errors, which come with their tracebacks; as JSON it is one object.
Only a process that is the runtime's own is set up so, and it is put back as it was.
"""

import logging
from collections.abc import Callable, Iterator, MutableMapping
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

import structlog
from structlog.stdlib import BoundLogger, ExtraAdder, LoggerFactory, ProcessorFormatter, filter_by_level

from runtime.logs.bound import FIELDS, add_attempt
from runtime.logs.settings import LoggingSettings

Event = MutableMapping[str, Any]

_FIRST = ("timestamp", "level", "logger", "event", "runtime", *FIELDS)
"""The order of what most lines have."""


@contextmanager
def rendered(
    settings: LoggingSettings, tell: Callable[[str], None], runtime: Callable[[], str]
) -> Iterator[Callable[[str], str]]:
    """Tell every line from the configured level on; gives what makes such a line of what a command says.

    Args:
        settings: how.
        tell: takes the text of a line.
        runtime: the runtime's number, as others on its store know it; "" while it has none.
    """

    def add_runtime(_logger: Any, _method: str, event: Event) -> Event:
        number = runtime()
        return {"runtime": number, **event} if number else event

    shared: list[Any] = [structlog.contextvars.merge_contextvars, add_attempt, add_runtime]
    formatter = ProcessorFormatter(
        foreign_pre_chain=[ExtraAdder(), *shared],
        processors=[_add_record, ProcessorFormatter.remove_processors_meta, *_writing(settings)],
    )
    handler = _Telling(tell)
    handler.setFormatter(formatter)
    root = logging.getLogger()
    before, level = root.handlers[:], root.level
    ours = not structlog.is_configured()  # a module of the user's own may have done that
    if ours:
        structlog.configure(
            processors=[
                filter_by_level,
                *shared,
                structlog.stdlib.PositionalArgumentsFormatter(),
                ProcessorFormatter.wrap_for_formatter,
            ],
            logger_factory=LoggerFactory(),
            wrapper_class=BoundLogger,
        )
    root.handlers[:] = [handler]
    root.setLevel(settings.level.upper())

    def line_of(text: str) -> str:
        warning = text.removeprefix("warning: ")
        level = logging.INFO if warning == text else logging.WARNING
        return formatter.format(logging.LogRecord("quaero.cli", level, "", 0, warning, None, None))

    try:
        yield line_of
    finally:
        root.handlers[:] = before
        root.setLevel(level)
        if ours:
            structlog.reset_defaults()


class _Telling(logging.Handler):
    def __init__(self, tell: Callable[[str], None]) -> None:
        super().__init__()
        self._tell = tell

    def emit(self, record: logging.LogRecord) -> None:
        try:
            self._tell(self.format(record))
        except Exception:  # noqa: BLE001 (as every handler of logging: a line that can not be written stops nothing)
            self.handleError(record)


def _add_record(_logger: Any, _method: str, event: Event) -> Event:
    """What Python's logging knows of the line: also of those that came by structlog."""
    record: logging.LogRecord = event["_record"]
    moment = datetime.fromtimestamp(record.created, UTC)
    event["timestamp"] = moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
    event["level"] = record.levelname.lower()
    event["logger"] = record.name
    return event


def _writing(settings: LoggingSettings) -> list[Any]:
    if settings.format == "json":
        return [
            structlog.processors.format_exc_info,
            structlog.processors.StackInfoRenderer(),
            in_order,
            structlog.processors.JSONRenderer(),
        ]
    return [line]


def in_order(_logger: Any, _method: str, event: Event) -> Event:
    """What every line has comes first. Pure."""
    first = {name: event[name] for name in _FIRST if name in event}
    return {**first, **{name: value for name, value in event.items() if name not in first}}


def line(_logger: Any, _method: str, event: Event) -> str:
    """A line for people: ``LEVEL logger: what happened (run=… job=…)``. Pure, but for the traceback it asks for."""
    level, logger, text = event.pop("level"), event.pop("logger"), str(event.pop("event", ""))
    event.pop("timestamp", None)
    event.pop("runtime", None)
    failed = event.pop("exc_info", None)
    fields = " ".join(
        f"{name}={value}" for name, value in in_order(None, "", event).items() if value is not None
    )
    is_error = level in {"error", "critical"}
    first, _, rest = text.partition("\n")
    found = f"{level.upper()} {logger}: {first}"
    if not is_error and isinstance(failed, tuple) and failed[1] is not None:
        found += f": {failed[1]!r}"
    found += f" ({fields})" if fields else ""
    if is_error and rest:
        found += f"\n{rest}"
    if is_error and failed:
        found += "\n" + structlog.processors.format_exc_info(None, "", {"exc_info": failed}).get(
            "exception", ""
        )
    return found
