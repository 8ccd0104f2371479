"""What a runtime offers: its standing order as others on the store read it, JSON in its ``owner`` row."""

import msgspec


class Offer(msgspec.Struct, frozen=True):
    """What a runtime takes on. One that only writes, such as a command, offers nothing and has none."""

    slots: dict[str, int] = {}  # by worker type; 0 = it has the worker and takes no jobs
    naming: int = 0  # steps whose children it names at once
    actions: tuple[str, ...] = ()
    held_back: dict[str, str] = {}  # types it has workers for and takes no jobs of, and why
    draining: bool = False
    lease_ms: int = 0


def offer_of(text: str | None) -> Offer | None:
    """The offer as the row has it; None if there is none, or none that can be read."""
    if text is None:
        return None
    try:
        return msgspec.json.decode(text, type=Offer)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
