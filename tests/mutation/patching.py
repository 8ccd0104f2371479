"""Puts a mutant into a process that has imported everything already: functions get its code, constants its values.

A child that was forked for it does so: to import the runtime anew for each mutant would take most of the time. What
can not be changed in place, an enumeration or the default of a field, changes nothing, and its mutant lives.
"""

import sys
from collections.abc import Iterator
from functools import cached_property
from operator import attrgetter, itemgetter
from types import CodeType, FunctionType, ModuleType
from typing import Any

from tests.mutation.mutant import ROOT, Mutant

OURS = ("actors", "runtime", "tests")
_PLAIN = (str, bytes, int, float, tuple, frozenset, dict, list, set)
_GETTERS = (attrgetter, itemgetter)


def patch(mutant: Mutant) -> None:
    """From now on this process has the mutant.

    Raises:
        Exception: whatever the module raises when it is imported with the mistake.
    """
    name = mutant.path.removesuffix(".py").replace("/", ".").removesuffix(".__init__")
    module = sys.modules[name]
    place: dict[str, Any] = {"__name__": name, "__package__": module.__package__}
    exec(compile(mutant.source, str(ROOT / mutant.path), "exec"), place)
    for key, value in place.items():
        if not key.startswith("__"):
            _replace(module, key, value)


def _replace(module: ModuleType, key: str, new: Any) -> None:
    old = vars(module).get(key)
    if isinstance(old, type | FunctionType) and old.__module__ != module.__name__:
        return  # imported from elsewhere
    if isinstance(old, type):
        for name, value in vars(new).items():
            for before, after in zip(_functions(vars(old).get(name)), _functions(value), strict=False):
                _recode(before, after)
    elif isinstance(old, FunctionType):
        _recode(old, new)
    elif type(old) is type(new) and _is_changed(old, new):
        for other in list(sys.modules.values()):
            if getattr(other, "__name__", "").split(".")[0] in OURS and vars(other).get(key) is old:
                setattr(other, key, new)


def _is_changed(old: Any, new: Any) -> bool:
    if isinstance(old, _GETTERS):
        return repr(old) != repr(new)
    return isinstance(old, _PLAIN) and old != new


def _functions(value: Any) -> Iterator[FunctionType]:
    match value:
        case FunctionType():
            yield value
        case staticmethod() | classmethod():
            yield from _functions(value.__func__)
        case cached_property():
            yield from _functions(value.func)
        case property():
            for part in (value.fget, value.fset):
                yield from _functions(part)


def _recode(old: FunctionType, new: FunctionType) -> None:
    """Let the old function, which others have imported, do what the new one does."""
    while hasattr(old, "__wrapped__") and hasattr(new, "__wrapped__"):
        old, new = old.__wrapped__, new.__wrapped__
    code, cells = new.__code__, old.__code__.co_freevars
    # A mistake may be that ``super()`` is not called: the function still has its cell.
    if not code.co_freevars:
        code = code.replace(co_freevars=cells)
    if not _same(old.__code__, code) and code.co_freevars == cells:
        old.__code__ = code
    if all(map(_is_plain, (*(new.__defaults__ or ()), *(new.__kwdefaults__ or {}).values()))):
        old.__defaults__, old.__kwdefaults__ = new.__defaults__, new.__kwdefaults__


def _is_plain(value: object) -> bool:
    """Whether it is the same value in a module that was made twice; a class of that module would be another one."""
    return value is None or type(value) in _PLAIN or isinstance(value, bool)


def _same(one: CodeType, other: CodeType) -> bool:
    if one.co_code != other.co_code or one.co_names != other.co_names:
        return False
    if len(one.co_consts) != len(other.co_consts):
        return False
    return all(
        _same(a, b) if isinstance(a, CodeType) and isinstance(b, CodeType) else (type(a), a) == (type(b), b)
        for a, b in zip(one.co_consts, other.co_consts, strict=True)
    )
