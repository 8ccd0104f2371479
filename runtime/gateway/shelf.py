"""The shelf: the definitions a gateway offers, those made in code and the files of the definitions' directory.

Files are read anew with each question, so that what an editor saved is seen, and are replaced whole: a reader finds the
old file or the new one. What is refused leaves the directory as it was.
"""

import os
import re
import tempfile
from collections.abc import Mapping
from pathlib import Path
from threading import Lock
from typing import Any

import msgspec
import tomli_w

from runtime.definitions import DefinitionError, DefinitionLibrary, Loaded, load_definition_text
from runtime.definitions.load import directory_files, load_definition
from runtime.gateway.problem import BadRequestError, ConflictError, NotFoundError
from runtime.toml.diagnostic import Diagnostic

_FILE_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,199}")


class Shelf:
    """Definitions by id; safe for use from several threads."""

    def __init__(self, directory: Path | None, made: DefinitionLibrary, managers: Mapping[str, Any]) -> None:
        self._directory = directory
        self._made = tuple(each for each in made if not each.file)
        self._managers = managers
        self._lock = Lock()

    def __repr__(self) -> str:
        return f"<Shelf({str(self._directory)!r})>"

    def all(self) -> list[tuple[Loaded | None, str, tuple[Diagnostic, ...]]]:
        """Every definition with its file's text and what is to be said of it; None for a file that is none."""
        found: list[tuple[Loaded | None, str, tuple[Diagnostic, ...]]] = [
            (each, "", (*each.warnings, *each.unrunnable)) for each in self._made
        ]
        for file in () if self._directory is None else directory_files(self._directory):
            try:
                loaded = load_definition(file, managers=self._managers)
            except DefinitionError as error:
                found.append((None, str(file), error.diagnostics))
            else:
                found.append((loaded, str(file), (*loaded.warnings, *loaded.unrunnable)))
        return found

    def get(self, definition_id: str) -> Loaded:
        """The definition of that id.

        Raises:
            NotFoundError: there is none.
        """
        for loaded, _, _ in self.all():
            if loaded is not None and loaded.definition.id == definition_id:
                return loaded
        raise NotFoundError(f"there is no definition {definition_id!r:.200}")

    def text_of(self, definition_id: str) -> bytes:
        """The text of a definition's file.

        Raises:
            NotFoundError: there is no such definition.
            ConflictError: it was made in code.
        """
        return self._own_file(definition_id).read_bytes()

    def checked(self, text: str | bytes, name: str = "definition") -> Loaded:
        """The definition that a TOML text is.

        Raises:
            DefinitionError: it is none.
        """
        return load_definition_text(text, managers=self._managers, file=name)

    def add(self, text: bytes) -> Loaded:
        """Write a new file of this text.

        Raises:
            DefinitionError: it is no definition.
            ConflictError: there is one of its id, or no directory to write into.
            BadRequestError: its id can be no file's name.
        """
        with self._lock:
            loaded = self.checked(text)
            definition_id = loaded.definition.id
            file = self._file_for(definition_id)
            if file.exists() or any(
                each is not None and each.definition.id == definition_id for each, _, _ in self.all()
            ):
                raise ConflictError(f"there is a definition {definition_id!r} already: PUT replaces it")
            _write(file, text)
            return msgspec.structs.replace(loaded, file=str(file))

    def replace(self, definition_id: str, text: bytes) -> Loaded:
        """Write another text into the file of a definition.

        Raises:
            DefinitionError: the text is no definition.
            NotFoundError: there is no such definition.
            ConflictError: it was made in code.
            BadRequestError: the text has another id.
        """
        with self._lock:
            file = self._own_file(definition_id)
            loaded = self.checked(text)
            if loaded.definition.id != definition_id:
                raise BadRequestError(
                    f"the text is of {loaded.definition.id!r}, not of {definition_id!r}", "id"
                )
            _write(file, text)
            return msgspec.structs.replace(loaded, file=str(file))

    def remove(self, definition_id: str) -> None:
        """Remove the file of a definition; its runs stay.

        Raises:
            NotFoundError: there is no such definition.
            ConflictError: it was made in code.
        """
        with self._lock:
            self._own_file(definition_id).unlink()

    def _own_file(self, definition_id: str) -> Path:
        loaded = self.get(definition_id)
        if not loaded.file:
            raise ConflictError(
                f"definition {definition_id!r} was made in the service's code: change it there"
            )
        return Path(loaded.file)

    def _file_for(self, definition_id: str) -> Path:
        if self._directory is None:
            raise ConflictError(
                "there is no directory for definitions: set directory under [definitions] in quaero.toml"
            )
        if not _FILE_NAME.fullmatch(definition_id):
            raise BadRequestError(
                f"the id {definition_id!r:.200} can be no file's name: use letters, digits, '.', '_', '-'",
                "id",
            )
        return self._directory / f"{definition_id}.toml"


def toml_of(content: Mapping[str, Any]) -> bytes:
    """A definition that came as JSON, as the TOML it would be in a file; a null is a key left out.

    Raises:
        BadRequestError: it holds something TOML has no words for.
    """
    try:
        return tomli_w.dumps(_without_nulls(content)).encode()
    except (TypeError, ValueError, UnicodeEncodeError, RecursionError) as error:
        raise BadRequestError(f"the definition can not be written as TOML: {error}") from error


def _without_nulls(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _without_nulls(each) for key, each in value.items() if each is not None}
    if isinstance(value, list):
        return [_without_nulls(each) for each in value if each is not None]
    return value


def _write(file: Path, text: bytes) -> None:
    """Replace the file whole; durable when this returns."""
    handle, name = tempfile.mkstemp(prefix=".", suffix=".new", dir=file.parent)
    try:
        with os.fdopen(handle, "wb") as stream:
            stream.write(text)
            stream.flush()
            os.fsync(stream.fileno())
        Path(name).chmod(0o644)
        Path(name).replace(file)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
    directory = os.open(file.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(directory)
    finally:
        os.close(directory)
