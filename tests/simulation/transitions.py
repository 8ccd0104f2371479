"""Which transitions a simulation must have seen: every legal one, and every way into a new epoch."""

from actors.states import LEGAL, REOPENINGS


def legal() -> set[tuple[str, str, str]]:
    """The transitions of each kind of job, by their words; "" is before the first state."""
    return {
        (kind.value, before.value if before else "", after.value)
        for kind, before, after in LEGAL | REOPENINGS
    }


def reached_nowhere(seen: set[tuple[str, str, str]]) -> list[tuple[str, str, str]]:
    """Those that were to be seen and were not."""
    return sorted(legal() - seen)
