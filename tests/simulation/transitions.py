"""Which transitions a simulation must have seen: every legal one that the surroundings it draws can bring about."""

from actors.states import LEGAL

UNREACHED: frozenset[tuple[str, str, str]] = frozenset(
    {
        ("run", "pending", "cancelled"),  # a run's first step is leased in the commit of its submit
        ("run", "pending", "failed"),
        ("step", "pending", "failed"),  # likewise, but for a damaged row
        ("job", "pending", "failed"),  # a damaged row; tests/store damages rows
        ("job", "scheduled", "failed"),
        ("run", "pending", "completed_with_failures"),  # a run that never ran has nothing that failed
        ("step", "pending", "completed_with_failures"),
    }
)
"""Legal, but not brought about here."""


def legal() -> set[tuple[str, str, str]]:
    """The transitions of each kind of job, by their words; "" is before the first state."""
    return {(kind.value, before.value if before else "", after.value) for kind, before, after in LEGAL}


def reached_nowhere(seen: set[tuple[str, str, str]]) -> list[tuple[str, str, str]]:
    """Those that were to be seen and were not."""
    return sorted(legal() - UNREACHED - seen)
