"""The diagnostics of one definition file as they are found, each with the line of what it is about."""

from collections.abc import Callable, Collection, Iterable

from runtime.toml.diagnostic import Diagnostic, Path, Severity, path_text
from runtime.toml.document import Document
from runtime.toml.shape import MOST_GUESSED, Fit
from runtime.toml.wording import is_slip, key_shown, nearest, shown

Place = Callable[[Path], Path]
"""From a path within a checked table to the path in the file; a step's configuration may come from several tables."""


MOST_UNKNOWN = MOST_GUESSED
"""Unknown keys of a table that are told one by one."""

MOST_COMPARED = 20_000
"""Names that are looked through for one that was meant, of one file altogether: about a second."""


class Findings:
    """Collects diagnostics. Nothing here raises: a file is read to its end and told all that is wrong with it."""

    def __init__(self, document: Document) -> None:
        self.document = document
        self._found: dict[Diagnostic, None] = {}  # in the order in which they were found, each once
        self._comparisons = 0

    def __repr__(self) -> str:
        return f"<Findings({self.document.file!r}, {len(self._found)} found)>"

    def did_you_mean(self, name: str, known: Collection[str], otherwise: str = "") -> str:
        """A hint naming the nearest known name, while there are not too many to look through."""
        self._comparisons += len(known)
        return did_you_mean(name, known, otherwise) if self._comparisons <= MOST_COMPARED else otherwise

    @property
    def found(self) -> tuple[Diagnostic, ...]:
        """All diagnostics."""
        return tuple(self._found)

    @property
    def failed(self) -> bool:
        """Whether an error is among them."""
        return any(each.severity is Severity.ERROR for each in self._found)

    def of(self, severity: Severity) -> tuple[Diagnostic, ...]:
        """The diagnostics of one severity."""
        return tuple(each for each in self._found if each.severity is severity)

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
        self._found.setdefault(found)

    def warn(self, path: Path, message: str, hint: str = "") -> None:
        """Note what a person may not have meant."""
        self.add(path, message, hint, severity=Severity.WARNING)

    def add_fit(self, fit: Fit, subject: str, place: Place, known: Iterable[str] = ()) -> bool:
        """Note what a check found; whether the value fits.

        An unknown key is an error if it is a known one with a slip of the pen, whose effect its author counts on. Any
        other is a warning: real files have keys that mean something elsewhere.

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
        for unknown in fit.unknown[:MOST_UNKNOWN]:
            key = str(unknown.path[-1])
            meant = unknown.meant
            if len(unknown.path) == 1:
                meant = nearest(key, {*known, meant} if meant else known)
            self.add(
                place(unknown.path),
                about(subject, unknown.path[:-1], f"unknown key {key_shown(key)}", colon=True),
                f"did you mean {key_shown(meant)}?" if meant else "it has no effect",
                severity=Severity.ERROR if meant and is_slip(key, meant) else Severity.WARNING,
            )
        if len(fit.unknown) > MOST_UNKNOWN:
            first = fit.unknown[MOST_UNKNOWN].path
            more = f"{len(fit.unknown) - MOST_UNKNOWN} more keys are unknown"
            self.warn(place(first), about(subject, (), more, colon=True), "is this a definition?")
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
