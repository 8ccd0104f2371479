"""The seed that the environment asks for, with which a failure is played again."""

import os

SEED_VARIABLE = "QUAERO_SEED"
"""Set to a number, only that seed is played."""


def chosen_seed() -> int | None:
    """The seed that is to be played, or None if none is named.

    Raises:
        ValueError: it is no number.
    """
    text = os.environ.get(SEED_VARIABLE, "")
    if not text:
        return None
    if not text.isascii() or not text.isdigit():
        raise ValueError(f"{SEED_VARIABLE} names a seed, a number of 0 or more, got {text!r}")
    return int(text)
