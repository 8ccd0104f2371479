"""What the benchmarks have in common: their options and how a result is shown."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import msgspec
import typer

from runtime.cli.failures import CommandError
from runtime.cli.opening import settings
from runtime.cli.output import write_json, write_text
from runtime.cli.reporting import logs_told


class Synchronous(StrEnum):
    """SQLite's ``synchronous``."""

    FULL = "FULL"
    NORMAL = "NORMAL"


SynchronousOption = Annotated[
    Synchronous,
    typer.Option(
        "--synchronous", case_sensitive=False, help="FULL survives power loss, NORMAL the death of processes."
    ),
]


@contextmanager
def measuring() -> Iterator[None]:
    """Errors of the runtime are told; warnings are not: to load it until it lags is what a benchmark is for."""
    with logs_told(logging.ERROR):
        yield


@contextmanager
def scratch(store: Path | None, config: Path | None) -> Iterator[Path]:
    """The directory for the benchmark's own stores: where the store would be, so that its disk is measured.

    Raises:
        CommandError: nothing can be written there.
    """
    directory = settings(store, config).store.parent
    try:
        with measuring():
            yield directory
    except OSError as error:
        raise CommandError(
            f"the benchmark's stores can not be written in {directory}: {error.strerror}",
            hint="choose another place with --store PATH",
        ) from error


def show(result: msgspec.Struct, *, as_json: bool) -> None:
    """Print what was measured."""
    found = msgspec.to_builtins(result)
    if as_json:
        write_json(found)
    else:
        write_text("\n".join(lines(found)))


def lines(found: dict[str, Any]) -> list[str]:
    """Names and values, a line each; the values of a table below it are named by both. Pure."""
    flat: dict[str, Any] = {}
    for name, value in found.items():
        if isinstance(value, dict):
            flat |= {f"{name} {inner}": each for inner, each in value.items()}
        else:
            flat[name] = value
    width = max(map(len, flat))
    return [f"{name.replace('_', ' '):{width}}  {_number(value)}" for name, value in flat.items()]


def _number(value: Any) -> str:
    if not isinstance(value, float):
        return (
            f"{value:,}".replace(",", " ")
            if isinstance(value, int) and not isinstance(value, bool)
            else str(value)
        )
    return f"{value:,.0f}".replace(",", " ") if abs(value) >= 1000 else f"{value:.4g}"
