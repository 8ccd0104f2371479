"""The definitions a runtime knows, by their ids; what they say of each other has been checked.

A library never changes. Each definition is in it once, and every id in ``pre_jobs`` and ``post_jobs`` of one leads to
another, without circles: a fault is raised when the library is made, with the file and line if there are any.
"""

import os
from collections.abc import Iterable, Iterator
from pathlib import Path as FilePath
from typing import Self

from actors.job import JobDefinition
from runtime.definitions.links import LinkFault, link_faults, linked
from runtime.definitions.load import (
    DefinitionError,
    Loaded,
    directory_files,
    known_variables,
    load_definition,
)
from runtime.definitions.steps import Managers
from runtime.definitions.variable_file import VARIABLES
from runtime.toml.diagnostic import Diagnostic, Path, Severity, path_text
from runtime.toml.document import UnreadableError, read_document
from runtime.toml.wording import quoted


class DefinitionLibrary:
    """Definitions by id, in the order in which they were given."""

    def __init__(self, loaded: Iterable[Loaded] = ()) -> None:
        """Make a library of loaded definitions; ``file`` is "" for those made in code.

        Raises:
            DefinitionError: two have one id, or their pre_jobs and post_jobs name no definition or go in a circle.
        """
        self._loaded: dict[str, Loaded] = {}
        every = tuple(loaded)
        faults = list(self.repetitions(every))
        for each in every:
            self._loaded.setdefault(each.definition.id, each)
        definitions = [each.definition for each in self._loaded.values()]
        faults += [self._placed(fault) for fault in link_faults(definitions, self.get, self._loaded)]
        if faults:
            raise DefinitionError(faults)

    @classmethod
    def of(cls, definitions: Iterable[JobDefinition]) -> Self:
        """A library of definitions made in code.

        Raises:
            DefinitionError: as of the class.
        """
        return cls(Loaded(each, file="") for each in definitions)

    @classmethod
    def from_directory(
        cls, path: str | os.PathLike[str], *, managers: Managers, beside: Iterable[Loaded] = ()
    ) -> Self:
        """A library of every ``*.toml`` file of a directory, by name.

        Args:
            path: the directory.
            managers: the actions there are, by name.
            beside: further definitions that belong to the library, and come first.

        Raises:
            DefinitionError: a file is no definition, ``variables.toml`` can not be used, or as of the class; all that
                is wrong is told at once.
        """
        loaded, faults = list(beside), list[Diagnostic]()
        files = directory_files(path)
        variables = known_variables(FilePath(path) / VARIABLES)
        for file in files:
            try:
                loaded.append(load_definition(file, managers=managers, variables=variables))
            except DefinitionError as error:
                faults.extend(error.diagnostics)
        if not any(each.severity is Severity.ERROR for each in faults):
            return cls(loaded)
        raise DefinitionError([*faults, *cls.repetitions(loaded)])

    @classmethod
    def unchecked(cls, loaded: Iterable[Loaded]) -> Self:
        """A library of which ``linked`` checks only what it is asked for; of two with one id it has the first."""
        library = cls()
        for each in loaded:
            library._loaded.setdefault(each.definition.id, each)
        return library

    @staticmethod
    def repetitions(loaded: Iterable[Loaded]) -> Iterator[Diagnostic]:
        """One fault for each definition whose id an earlier one has."""
        firsts: dict[str, Loaded] = {}
        for each in loaded:
            first = firsts.setdefault(each.definition.id, each)
            if first is each:
                continue
            where = "another definition"
            if first.file:
                line = _line_in(first.file, ("id",))
                where = f"{first.file}:{line}" if line else first.file
            yield Diagnostic(
                f"the id {quoted(each.definition.id)} is that of {where} too",
                each.file,
                _line_in(each.file, ("id",)),
                "id",
                hint="give one of them another id",
            )

    def __repr__(self) -> str:
        return f"<DefinitionLibrary({len(self)} definitions)>"

    def __len__(self) -> int:
        return len(self._loaded)

    def __iter__(self) -> Iterator[Loaded]:
        return iter(self._loaded.values())

    def __contains__(self, definition_id: object) -> bool:
        return definition_id in self._loaded

    def get(self, definition_id: str) -> JobDefinition | None:
        """The definition of that id; None if there is none."""
        found = self._loaded.get(definition_id)
        return None if found is None else found.definition

    def __getitem__(self, definition_id: str) -> Loaded:
        """The same with its file and its diagnostics. KeyError if there is none."""
        return self._loaded[definition_id]

    def linked(self, definition: JobDefinition) -> tuple[JobDefinition, ...]:
        """The definition, which may be none of the library's, and after it all that run before or after it.

        Raises:
            DefinitionError: its pre_jobs or post_jobs name no definition here, or go in a circle.
        """
        if not definition.pre_jobs and not definition.post_jobs:
            return (definition,)

        def lookup(definition_id: str) -> JobDefinition | None:
            return definition if definition_id == definition.id else self.get(definition_id)

        together = linked(definition, lookup)
        faults = [self._placed(fault) for fault in link_faults(together, lookup, self._loaded)]
        if faults:
            raise DefinitionError(faults)
        return together

    def _placed(self, fault: LinkFault) -> Diagnostic:
        """The fault with its file and line, which only now, in trouble, is looked up."""
        path = (fault.key,) if fault.position is None else (fault.key, fault.position)
        found = self._loaded.get(fault.definition_id)
        file = "" if found is None else found.file
        subject = "" if file else f"definition {quoted(fault.definition_id)}: "
        return Diagnostic(
            subject + fault.message, file, _line_in(file, path), path_text(path), hint=fault.hint
        )


def _line_in(file: str, path: Path) -> int | None:
    """The line of a path in a file that was read before; None if there is none, or no such file any more."""
    if not file:
        return None
    try:
        return read_document(file).line(path)
    except UnreadableError:  # changed since
        return None
