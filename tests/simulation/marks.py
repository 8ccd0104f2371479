"""What a simulation can meet. Each mark is counted where it happens; the suite fails over one that is never reached."""

from collections import Counter

FAULTS = (
    "kill",
    "kill_in_transaction",
    "kill_before_commit",
    "kill_after_commit",
    "pause",
    "frozen",
    "restart",
    "drain",
    "gave_up",
    "message_dropped",
    "message_duplicated",
    "message_delayed",
    "actor_killed",
    "statement_full",
    "commit_busy",
    "commit_full",
    "commit_unknown",
    "wall_jump",
    "reboot",
    "slow_actor",
    "slow_body",
    "answer_lost",
    "ring_lost",
    "cancel_run",
    "cancel_step",
    "cancel_job",
    "submit_retried",
    "naming_raises",
    "naming_exits",
    "naming_permanent",
)
"""Faults of the surroundings."""

BODIES = (
    "ok",
    "raise",
    "permanent",
    "retry_after",
    "exit",
    "garbage",
    "snooze",
    "give_up",
    "wait",
    "hang",
    "deaf",
    "exit_later",
)
"""What bodies do."""


class Marks(Counter[str]):
    """How often each was met."""
