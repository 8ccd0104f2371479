"""What an exception says of itself, whatever its own methods do: nothing here raises, and all of it can be stored.

A body may raise anything, also what raises again when it is printed; whoever waits for its end must hear of it.
"""

import traceback

from actors.storable import storable

_NAME = type.__dict__["__name__"]  # a metaclass may have a `__name__` of its own


def type_of(error: BaseException) -> str:
    """The name of its class."""
    return storable(str(_NAME.__get__(type(error))))


def message_of(error: BaseException, limit: int) -> str:
    """The first ``limit`` characters of its message, which may be none."""
    try:
        return storable(str(error)[:limit])
    except BaseException as broken:  # noqa: BLE001 (its own method may raise anything)
        return f"(its message can not be shown: {type_of(broken)})"


def traceback_of(error: BaseException, limit: int) -> str:
    """The last ``limit`` characters of its traceback."""
    try:
        return storable("".join(traceback.format_exception(error))[-limit:])
    except BaseException as broken:  # noqa: BLE001 (its own properties may raise anything)
        return f"(its traceback can not be shown: {type_of(broken)})"
