"""Settings of workers and managers against the types their code declares.

``[workers.<type>]`` but for the worker's options, and ``[managers.<action>]``, fill the ``settings_type`` of that
worker or manager. A wrong value is refused and an unknown key warned of with its place, as with every other key. A
field that is a ``Secret`` may also be given as ``<field>_file``, a path whose file holds the text; nothing said of a
secret shows what it is.
"""

from collections.abc import Callable, Collection, Mapping
from pathlib import Path as FilePath
from typing import Any

import msgspec
from msgspec import inspect

from actors.settings import Secret, decode_secret
from runtime.config.environment import type_at
from runtime.config.layers import Origin
from runtime.config.load import ConfigError, told
from runtime.config.schema import Worker
from runtime.settings import Said
from runtime.toml.diagnostic import Diagnostic, Path, Severity, in_order, path_text
from runtime.toml.shape import fit
from runtime.toml.text import read_text
from runtime.toml.wording import key_shown, nearest, quoted

FILE = "_file"
"""What is added to a secret's name for the path of its file."""
MAX_SECRET_BYTES = 65_536

Types = Mapping[str, type[msgspec.Struct]]


class Judged(msgspec.Struct, frozen=True):
    """The settings by worker type, action or name, and what their author should know."""

    values: dict[str, msgspec.Struct]
    warnings: tuple[Diagnostic, ...] = ()


def typed_settings(section: str, types: Types, given: Mapping[str, Any]) -> Judged:
    """Decode the settings of one section.

    Args:
        section: "workers", "managers" or "webhooks".
        types: the types of the settings, by worker type, action or name.
        given: for each a Struct of that type, a table, or what the configuration said (``Said``).

    Raises:
        ConfigError: a value is wrong or missing; all that is wrong is told.
    """
    options = (
        {field.encode_name for field in msgspec.structs.fields(Worker)} if section == "workers" else set()
    )
    found = [_nobody(section, name, types, given[name]) for name in sorted(given.keys() - types.keys())]
    values: dict[str, msgspec.Struct] = {}
    for name, wanted in types.items():
        said = given.get(name, {})
        if isinstance(said, wanted):
            values[name] = said
            continue
        try:
            check = _Section((section, name), wanted, said, options)
        except TypeError as error:
            raise TypeError(f"settings of the {section[:-1]} {quoted(name)}: {error}") from error
        values[name] = check.value()
        found += check.found
    if any(each.severity is Severity.ERROR for each in found):
        raise ConfigError(found)
    return Judged(values, in_order(found))


class _Section:
    """One worker's or manager's settings: ``found`` is what is amiss."""

    def __init__(
        self, path: tuple[str, str], wanted: type[msgspec.Struct], said: Any, options: Collection[str]
    ) -> None:
        self.path = path
        self.wanted = wanted
        self.options = options
        self.found: list[Diagnostic] = []
        if isinstance(said, msgspec.Struct) and not isinstance(said, Said):
            raise TypeError(f"they are a {wanted.__name__}, got a {type(said).__name__}")
        table = said.table if isinstance(said, Said) else said
        self.origin: Callable[[Path], Origin] = (
            said.origin if isinstance(said, Said) else lambda _: Origin("")
        )
        self.table = self._prepared(dict(table), inspect.type_info(wanted), path)

    def value(self) -> Any:
        """The decoded settings; None if something is amiss."""
        checked = fit(self.table, self.wanted, self.path)
        for misfit in checked.misfits:
            sentence = f"{path_text(misfit.path)} {misfit.sentence}"
            self._add(misfit.path, sentence, misfit.hint, value=misfit.value)
        for unknown in checked.unknown:
            meant = unknown.meant
            if len(unknown.path) == len(self.path) + 1:
                known = {*self.options, *({meant} if meant else ())}
                meant = nearest(str(unknown.path[-1]), known)
            hint = f"did you mean {key_shown(meant)}?" if meant else "it has no effect"
            message = f"unknown key {path_text(unknown.path)}"
            self._add(unknown.path, message, hint, severity=Severity.WARNING)
        if any(each.severity is Severity.ERROR for each in self.found):
            return None
        try:
            return msgspec.convert(checked.value, self.wanted, dec_hook=decode_secret)
        except (msgspec.ValidationError, NotImplementedError) as error:  # a rule of the type's own
            self._add(self.path, f"{path_text(self.path)}: {error}", "")
            return None

    def _prepared(self, table: dict[str, Any], wanted: inspect.Type, path: Path) -> dict[str, Any]:
        """The table with texts of the environment as their fields' types, and secrets of files in their fields."""
        if not isinstance(wanted, inspect.StructType):
            return table
        for field in wanted.fields:
            name = field.encode_name
            kind = _plain(field.type)
            if isinstance(kind, inspect.CustomType) and kind.cls is Secret:
                self._read_file(table, name, path)
            elif isinstance(table.get(name), dict):
                table[name] = self._prepared(dict(table[name]), kind, (*path, name))
            elif isinstance(table.get(name), str) and self.origin((*path, name)).variable:
                table[name] = read_text(table[name], type_at(self.wanted, (*path[2:], name)))
        return table

    def _read_file(self, table: dict[str, Any], name: str, path: Path) -> None:
        """Put what the file of ``<name>_file`` holds in its place."""
        key, place = name + FILE, (*path, name + FILE)
        if key not in table:
            return
        file = table.pop(key)
        if name in table:
            here, there = self.origin((*path, name)), self.origin(place)
            if bool(here.variable) == bool(there.variable):
                message = f"{path_text(place)} is given beside {path_text((*path, name))}"
                self._add(place, message, f"keep one of {key_shown(name)} and {key_shown(key)}")
                return
            if here.variable:
                return  # the environment goes before the file
        if not isinstance(file, str) or not file:
            self._add(
                place,
                f"{path_text(place)} must be the path of a file",
                f'write {key} = "/run/secrets/{name}"',
            )
            return
        text, trouble = secret_in(FilePath(file).expanduser())
        if trouble:
            self._add(place, f"{path_text(place)}: {file} {trouble}", "name a file that holds nothing else")
        else:
            table[name] = text

    def _add(
        self,
        path: Path,
        message: str,
        hint: str,
        *,
        value: str | None = None,
        severity: Severity = Severity.ERROR,
    ) -> None:
        self.found.append(told(self.origin(path), path, message, hint=hint, value=value, severity=severity))


def secret_in(file: FilePath) -> tuple[str, str]:
    """The text in a file without the white space around it, and what is wrong with it, "" if nothing is."""
    try:
        with file.open("rb") as stream:
            content = stream.read(MAX_SECRET_BYTES + 1)
        text = content.decode().strip()
    except OSError as error:
        return "", f"can not be read: {error.strerror}"
    except UnicodeDecodeError:
        return "", "is not text"
    if not text:
        return "", "is empty"
    return (text, "") if len(content) <= MAX_SECRET_BYTES else ("", f"has more than {MAX_SECRET_BYTES} bytes")


def _plain(wanted: inspect.Type) -> inspect.Type:
    """The type without its limits and without None."""
    if isinstance(wanted, inspect.Metadata):
        return _plain(wanted.type)
    if isinstance(wanted, inspect.UnionType):
        members = [each for each in wanted.types if not isinstance(each, inspect.NoneType)]
        return _plain(members[0]) if len(members) == 1 else wanted
    return wanted


def _nobody(section: str, name: str, types: Types, said: Any) -> Diagnostic:
    """Settings for whom there is not: a warning of a file that may serve others too, an error of code."""
    meant = nearest(name, types)
    hint = f"did you mean {quoted(meant)}?" if meant else "it has no effect"
    in_file = isinstance(said, Said)
    severity = Severity.WARNING if in_file else Severity.ERROR
    origin = said.origin((section, name)) if in_file else Origin(f"{section[:-1]}_settings")
    return told(
        origin,
        (section, name),
        f"there is no {section[:-1]} {quoted(name)}",
        hint=hint,
        severity=severity,
    )
