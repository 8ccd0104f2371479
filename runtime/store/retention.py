"""How long what has ended is kept. Pure."""

import msgspec

from actors.job import JobState

DAY_MS = 86_400_000
KEY_DAYS = 7
"""A submit key outlives the end of its run by so much, also that of a run that retention has deleted."""


class Retention(msgspec.Struct, frozen=True):
    """Days, fractions allowed, for which ended runs and events are kept; 0 = for ever."""

    completed_days: float = 0  # runs that ended ``completed``
    failed_days: float = 0  # runs that ended in any other way
    events_days: float = 0
    deliveries_days: float = 7  # runs of deliveries to webhooks, however they ended

    def __post_init__(self) -> None:
        """Refuse what is no time.

        Raises:
            ValueError: a number of days is negative.
        """
        for name in self.__struct_fields__:
            if not getattr(self, name) >= 0:
                raise ValueError(f"{name} is {getattr(self, name)!r}: write days, or 0 for ever")

    @property
    def keeps_runs(self) -> bool:
        """Whether no run is ever deleted by its age, but for those of deliveries."""
        return not (self.completed_days or self.failed_days)

    def run_expired(
        self, state: JobState, finished_at: int | None, now_ms: int, *, of_deliveries: bool = False
    ) -> bool:
        """Whether a run in that state, ended at that time (Unix ms), is kept no longer."""
        if not state.terminal or finished_at is None:
            return False
        days = self.completed_days if state is JobState.COMPLETED else self.failed_days
        return expired(self.deliveries_days if of_deliveries else days, finished_at, now_ms)


def expired(days: float, at_ms: int, now_ms: int) -> bool:
    """Whether what happened at that time (Unix ms) is kept no longer; 0 days are for ever."""
    return days > 0 and at_ms <= now_ms - days * DAY_MS
