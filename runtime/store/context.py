"""What the verbs of the store know of the runtime whose transactions they carry out."""

from collections.abc import Callable, Mapping

import msgspec

from actors.ids import IdSource
from runtime.store.newcomers import Newcomers

DEFAULT_MAX_ATTEMPTS = 3
"""Attempts of a job whose worker type this runtime does not know."""


class StoreContext(msgspec.Struct, frozen=True):
    """One runtime, as its transactions see it."""

    owner: int
    boot_id: str
    lease_ms: int
    ids: IdSource
    max_attempts: Mapping[str, int] = {}  # of the worker types this runtime knows
    max_lost: int = 20
    newcomers: Newcomers = msgspec.field(default_factory=Newcomers)
    traced: bool = False  # jobs are leased with the contexts of their spawners
    on_end: Callable[[list[int]], object] | None = (
        None  # hears after a commit which runs and steps ended in it
    )
