"""How messages show values, names and suggestions: short, on one line, in the file's own notation."""

import json
from collections.abc import Iterable
from difflib import SequenceMatcher, get_close_matches
from typing import Any

LONGEST_VALUE = 80
LONGEST_NAME = 60
SLIP = 0.8
"""Similarity of two names from which on one is the other with a slip of the pen."""
SHORTEST_BEGINNING = 4
"""Letters of a name that may be the beginning of the one that was meant."""


def shown(value: Any) -> str:
    """The value as TOML writes it, on one line of at most about 80 characters."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return _short(json.dumps(value[: LONGEST_VALUE + 1], ensure_ascii=False), LONGEST_VALUE)
    if isinstance(value, int):
        return str(value) if value.bit_length() < 200 else "a number of more than 60 digits"
    if isinstance(value, list | tuple):
        items = [shown(item) for item in value[:4]]
        return _short(f"[{', '.join(items)}{', …' if len(value) > 4 else ''}]", LONGEST_VALUE)
    if isinstance(value, dict):
        return f"a table of {len(value)} key{'' if len(value) == 1 else 's'}"
    return _short(str(value), LONGEST_VALUE)


def quoted(name: str) -> str:
    """A name in quotes, on one line."""
    return json.dumps(_short(name, LONGEST_NAME), ensure_ascii=False)


def key_shown(key: str) -> str:
    """A key as TOML writes it: bare if it may be."""
    bare = key and all(char.isascii() and (char.isalnum() or char in "_-") for char in key)
    return key if bare and len(key) <= LONGEST_NAME else quoted(key)


def nearest(name: str, known: Iterable[str]) -> str | None:
    """The known name that was probably meant: the most similar, or one that begins with it; None if there is none."""
    names = sorted(known)
    folded = {each.lower().replace("-", "_"): each for each in names}
    wanted = name[:LONGEST_NAME].lower().replace("-", "_")
    matches = get_close_matches(wanted, folded, n=1, cutoff=0.6)
    longer = [each for each in folded if len(wanted) >= SHORTEST_BEGINNING and each.startswith(wanted)]
    return folded[(matches or longer)[0]] if matches or longer else None


def is_slip(name: str, meant: str) -> bool:
    """Whether a name is so near to a known one that it can hardly have been meant for anything else."""
    wanted, known = (each[:LONGEST_NAME].lower().replace("-", "_") for each in (name, meant))
    return SequenceMatcher(None, wanted, known).ratio() >= SLIP


def one_of(names: Iterable[str]) -> str:
    """The names as a choice: ``"a", "b" or "c"``."""
    *rest, last = [quoted(name) for name in names]
    return f"{', '.join(rest)} or {last}" if rest else last


def _short(text: str, limit: int) -> str:
    return text if len(text) <= limit else text[: limit - 1] + "…"
