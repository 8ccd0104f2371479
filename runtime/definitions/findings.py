"""The diagnostics of one definition file as they are found, each with the line of what it is about."""

from collections.abc import Callable, Iterable

from runtime.toml.diagnostic import Diagnostic, Path, Severity, path_text
from runtime.toml.document import Document
from runtime.toml.shape import Fit
from runtime.toml.wording import key_shown, nearest, shown

Place = Callable[[Path], Path]
"""From a path within a checked table to the path in the file; a step's configuration may come from several tables."""


class Findings:
    """Collects diagnostics. Nothing here raises: a file is read to its end and told all that is wrong with it."""

    def __init__(self, document: Document) -> None:
        self.document = document
        self.found: list[Diagnostic] = []

    def __repr__(self) -> str:
        return f"<Findings({self.document.file!r}, {len(self.found)} found)>"

    @property
    def failed(self) -> bool:
        """Whether an error is among them."""
        return any(each.severity is Severity.ERROR for each in self.found)

    def of(self, severity: Severity) -> tuple[Diagnostic, ...]:
        """The diagnostics of one severity."""
        return tuple(each for each in self.found if each.severity is severity)

    def add(
        self,
        path: Path,
        message: str,
        hint: str = "",
        *,
        value: str | None = None,
        severity: Severity = Severity.ERROR,
    ) -> None:
        """Note a fault at a path of the file; one whose key is not there is at the table that should have it."""
        line = self.document.line(path) or 1
        found = Diagnostic(message, self.document.file, line, path_text(path), value, hint, severity)
        if found not in self.found:
            self.found.append(found)

    def warn(self, path: Path, message: str, hint: str = "") -> None:
        """Note what a person may not have meant."""
        self.add(path, message, hint, severity=Severity.WARNING)

    def add_fit(self, fit: Fit, subject: str, place: Place, known: Iterable[str] = ()) -> bool:
        """Note what a check found; whether the value fits.

        Args:
            fit: what the check of a table found.
            subject: the table, as a sentence begins: 'step "crawl"', or "" for the file's top.
            place: where the table's paths are in the file.
            known: further keys that an unknown one may have been meant for.
        """
        for misfit in fit.misfits:
            self.add(
                place(misfit.path),
                about(subject, misfit.path, misfit.sentence),
                misfit.hint,
                value=misfit.value,
            )
        for unknown in fit.unknown:
            key = str(unknown.path[-1])
            meant = unknown.meant
            if len(unknown.path) == 1:
                meant = nearest(key, {*known, meant} if meant else known)
            message = about(subject, unknown.path[:-1], f"unknown key {key_shown(key)}", colon=True)
            self.warn(
                place(unknown.path),
                message,
                f"did you mean {key_shown(meant)}?" if meant else "it has no effect",
            )
        return not fit.misfits


def about(subject: str, path: Path, sentence: str, *, colon: bool = False) -> str:
    """A sentence about a path within its subject: 'step "crawl": max_depth must be …'."""
    if path:
        within = path_text(path) + (": " if colon else " ") + sentence
        return f"{subject}: {within}" if subject else within
    if colon:
        return f"{subject}: {sentence}" if subject else sentence
    return f"{subject} {sentence}".lstrip()


def did_you_mean(name: str, known: Iterable[str], otherwise: str = "") -> str:
    """A hint naming the nearest known name."""
    meant = nearest(name, known)
    return f"did you mean {shown(meant)}?" if meant else otherwise
