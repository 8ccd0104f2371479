"""Job ids: time-ordered integers, unique across the runtimes of a store, and the text people see.

63 bits: 41 of Unix milliseconds, 10 of node, 12 of sequence. An id that is made later by the same source is always
larger, also when the wall clock goes backwards. As text an id is 13 digits of Crockford's base 32, which sort alike
(https://www.crockford.com/base32.html).
"""

from functools import lru_cache
from threading import Lock

from actors.seams import Clock

MAX_BLOCK = 1 << 12

_DIGITS = "0123456789abcdefghjkmnpqrstvwxyz"
_VALUES = {digit: value for value, digit in enumerate(_DIGITS)} | {"i": 1, "l": 1, "o": 0}
_LENGTH = 13
_NODES = 1 << 10
_SEQUENCE_BITS = 12


class UnknownIdError(ValueError):
    """The text is no job id."""


@lru_cache(maxsize=1 << 13)  # events of a while are of few jobs
def id_text(job_id: int) -> str:
    """The 13 characters that stand for the id wherever people or JSON see it."""
    return "".join(_DIGITS[(job_id >> shift) & 31] for shift in range(60, -1, -5))


def parse_id(text: str) -> int:
    """The id that the text stands for.

    Raises:
        UnknownIdError: the text is not 13 base-32 digits.
    """
    value = 0
    for digit in text.lower():
        number = _VALUES.get(digit)
        if number is None:
            break
        value = value << 5 | number
    else:
        if len(text) == _LENGTH and value < 1 << 63:
            return value
    raise UnknownIdError(
        f"{text[:80]!r} is not a job id; ids have 13 letters and digits, as `quaero jobs` shows"
    )


def made_at_ms(job_id: int) -> int:
    """When the id was made, in Unix milliseconds."""
    return job_id >> 22


class IdSource:
    """Makes the ids of one runtime; safe for use from several threads."""

    def __init__(self, clock: Clock, node: int) -> None:
        self._clock = clock
        self._node = (node % _NODES) << _SEQUENCE_BITS
        self._millisecond = 0
        self._sequence = 0  # the next one of this millisecond
        self._lock = Lock()

    def __repr__(self) -> str:
        return f"<IdSource(node={self._node >> _SEQUENCE_BITS})>"

    def next(self) -> int:
        """A new id, larger than all before it."""
        return self.block(1)[0]

    def block(self, count: int) -> range:
        """``count`` consecutive new ids, at most ``MAX_BLOCK``, larger than all before them."""
        if not 0 < count <= MAX_BLOCK:
            raise ValueError(f"a block has 1 to {MAX_BLOCK} ids, got {count}")
        with self._lock:
            now = self._clock.wall_ms()
            if now > self._millisecond:
                self._millisecond, self._sequence = now, 0
            elif self._sequence + count > MAX_BLOCK:
                self._millisecond, self._sequence = self._millisecond + 1, 0
            first = self._millisecond << 22 | self._node | self._sequence
            self._sequence += count
        return range(first, first + count)
