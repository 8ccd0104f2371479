"""What a file's reader is told: one Diagnostic per fault, all of them at once.

Errors of reading files::

    BadFileError            the file can not be used; holds every diagnostic
    ├── DefinitionError     a job definition (runtime.definitions)
    └── ConfigError         quaero.toml, the environment or a flag (runtime.config)
"""

from collections.abc import Iterable
from enum import StrEnum

import msgspec

Path = tuple[str | int, ...]
"""Where a value is: keys and array positions from the file's top."""


class Severity(StrEnum):
    """What a diagnostic means for the file."""

    ERROR = "error"  # it can not be loaded
    UNRUNNABLE = "unrunnable"  # it loads, and can not be run by this runtime
    INCOMPLETE = "incomplete"  # it loads; a run of it needs what is missing
    WARNING = "warning"


class Diagnostic(msgspec.Struct, frozen=True):
    """One fault: ``message`` says what, with the value; ``hint`` what to do next. ``line`` counts from 1."""

    message: str
    file: str = ""
    line: int | None = None
    key_path: str = ""
    value: str | None = None
    hint: str = ""
    severity: Severity = Severity.ERROR

    def __str__(self) -> str:
        where = (
            f"{self.file}:{self.line}: " if self.line and self.file else f"{self.file}: " if self.file else ""
        )
        return where + self.message + (f"; {self.hint}" if self.hint else "")


class BadFileError(ValueError):
    """A file can not be used. Its text is the first diagnostic; ``diagnostics`` are all, in the file's order."""

    def __init__(self, diagnostics: Iterable[Diagnostic]) -> None:
        self.diagnostics = in_order(diagnostics)
        super().__init__(str(self.diagnostics[0]))


def in_order(diagnostics: Iterable[Diagnostic]) -> tuple[Diagnostic, ...]:
    """Errors first, then by line."""
    rank = list(Severity)
    return tuple(sorted(diagnostics, key=lambda each: (rank.index(each.severity), each.line or 0)))


def path_text(path: Path) -> str:
    """The path as people write it: ``steps[0].config.max_depth``."""
    text = ""
    for part in path:
        text += f"[{part}]" if isinstance(part, int) else f".{part}" if text else part
    return text


def parse_path(text: str) -> Path:
    """The path that ``path_text`` would show as this text, for keys without dots and brackets."""
    parts: list[str | int] = []
    for name in text.split("."):
        key, *indices = name.split("[")
        parts.append(key)
        parts.extend(int(index[:-1]) for index in indices if index.endswith("]") and index[:-1].isdecimal())
    return tuple(parts)
