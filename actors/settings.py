"""Settings: what a worker or manager is told by the runtime it runs in, rather than by a step or a job.

A worker or manager names a msgspec Struct as its ``settings_type``. ``[workers.<type>]`` and ``[managers.<action>]`` of
``quaero.toml``, the environment and code fill it; it is decoded once, before anything starts. A ``Secret`` among its
fields shows itself nowhere: not in a repr, an error or JSON.
"""

from collections.abc import Collection, Mapping
from functools import cache
from typing import Any, TypeVar

import msgspec

T = TypeVar("T", bound=msgspec.Struct)


class NoSettings(msgspec.Struct, frozen=True):
    """The settings of what has none."""


class Secret:
    """A text that is not to be seen, such as an API key; false when it is empty. ``reveal()`` is the text."""

    __slots__ = ("_text",)

    def __init__(self, text: str = "") -> None:
        self._text = text

    def __repr__(self) -> str:
        return "Secret(…)" if self._text else "Secret()"

    def __bool__(self) -> bool:
        return bool(self._text)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and other._text == self._text

    def __hash__(self) -> int:
        return hash(self._text)

    def reveal(self) -> str:
        """The text itself, for whom it is meant."""
        return self._text

    def hidden_in(self, text: str) -> str:
        """``text`` without this secret, for words of others that may repeat it."""
        return text.replace(self._text, "…") if self._text else text


class Settings(msgspec.Struct, frozen=True):
    """The settings of one runtime: of each of its workers and managers, decoded."""

    workers: Mapping[str, msgspec.Struct] = {}  # by type
    managers: Mapping[str, msgspec.Struct] = {}  # by action
    agents: Any = None  # the AgentTypes there are, see actors.agent

    def worker(self, worker_type: str, wanted: type[T]) -> T:
        """The settings of a worker.

        Raises:
            TypeError: they are of another type.
        """
        return _as(wanted, self.workers.get(worker_type), f"worker {worker_type!r}")

    def manager(self, action: str, wanted: type[T]) -> T:
        """The settings of a manager.

        Raises:
            TypeError: they are of another type.
        """
        return _as(wanted, self.managers.get(action), f"manager {action!r}")


def is_placeholder(text: str) -> bool:
    """Whether the text is a ``{placeholder}`` that nothing has filled."""
    inner = text.strip()[1:-1]
    return text.strip() == f"{{{inner}}}" and bool(inner) and "{" not in inner and "}" not in inner


@cache
def fields_of(wanted: type[msgspec.Struct]) -> tuple[msgspec.structs.FieldInfo, ...]:
    """The type's fields: msgspec looks them up anew each time, and every runtime that starts asks for some dozens."""
    return msgspec.structs.fields(wanted)


def check_settings_type(owner: str, wanted: Any, reserved: Collection[str] = ()) -> None:
    """See that a type can be one of settings; ``reserved`` are keys of the same table that mean something else.

    Raises:
        TypeError: it can not; the message says what to write.
    """
    if not (isinstance(wanted, type) and issubclass(wanted, msgspec.Struct)):
        raise TypeError(f"{owner}: settings_type must be a msgspec.Struct, got {wanted!r}")
    for field in fields_of(wanted):
        if field.encode_name in reserved:
            raise TypeError(
                f"{owner}: {wanted.__name__}.{field.encode_name} is an option of every worker: rename it"
            )


def decode_secret(wanted: type[Any], value: Any) -> Any:
    """For msgspec's ``dec_hook``: a text as a Secret."""
    if wanted is Secret and isinstance(value, str):
        return Secret(value)
    raise NotImplementedError(f"{wanted.__name__} can not be a setting")


def secret_schema(wanted: type[Any]) -> dict[str, Any]:
    """For msgspec's ``schema_hook``: a Secret is a text."""
    if wanted is Secret:
        return {"type": "string", "format": "password"}
    raise NotImplementedError(f"{wanted.__name__} can not be a setting")


def _as(wanted: type[T], found: msgspec.Struct | None, whose: str) -> T:
    if isinstance(found, wanted):
        return found
    declared = "has none" if found is None else f"has {type(found).__name__}"
    raise TypeError(
        f"settings of {whose}: {wanted.__name__} is asked for, it {declared}; set settings_type = {wanted.__name__}"
    )
