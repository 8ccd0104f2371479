"""Which transitions a simulation must have seen: every legal one that the surroundings it draws can bring about."""

from actors.job import TRANSITIONS, JobState

PARENTS = ("run", "step")
PARENTS_ONLY = {JobState.COMPLETED_WITH_FAILURES}
WAITING = {JobState.SCHEDULED, JobState.PENDING}

UNREACHED: frozenset[tuple[str, str, str]] = frozenset(
    {
        ("run", "pending", "cancelled"),  # a run's first step is leased in the commit of its submit
        ("run", "pending", "failed"),
        ("step", "pending", "failed"),  # likewise, but for a damaged row
        ("job", "pending", "failed"),  # a damaged row; tests/store damages rows
        ("run", "pending", "completed_with_failures"),  # a run that never ran has nothing that failed
        ("step", "pending", "completed_with_failures"),
    }
)
"""Legal, but not brought about here."""


def legal() -> set[tuple[str, str, str]]:
    """The transitions of each kind of job."""
    found = set()
    for before, afters in TRANSITIONS.items():
        for after in afters:
            if not {before, after} & PARENTS_ONLY and not (
                before is JobState.PENDING and after is JobState.COMPLETED
            ):
                found.add(("job", before.value, after.value))
            if before is not JobState.SCHEDULED and after not in WAITING:
                found.update((kind, before.value, after.value) for kind in PARENTS)
    return found


def reached_nowhere(seen: set[tuple[str, str, str]]) -> list[tuple[str, str, str]]:
    """Those that were to be seen and were not."""
    return sorted(legal() - UNREACHED - seen)
