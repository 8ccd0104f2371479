"""What a simulation can meet. Each mark is counted where it happens; a long run fails if one was never reached."""

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
    "submit_retried",
    "naming_raises",
    "naming_exits",
    "naming_permanent",
    "damaged",
    "damaged_lane",
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
    "snooze_short",
    "give_up",
    "wait",
    "hang",
    "deaf",
    "exit_later",
    "finishes",
    "breaks",
)
"""What bodies do."""

WISHES = (
    "cancel",
    "cancel",
    "cancel",
    "cancel_running",
    "cancel_running",
    "pause",
    "pause",
    "resume",
    "pause_type",
    "resume_type",
    "retry",
    "retry",
    "retry",
    "retry",
    "rerun",
    "delete",
    "delete",
    "schedule",
    "pause_schedule",
    "unschedule",
    "submit_again",
)
"""What an operator wants, each as often as it is here."""

OPERATIONS = (
    *(
        f"{wish}_{kind}"
        for wish in ("cancel", "pause", "resume", "retry", "rerun")
        for kind in ("run", "step", "job")
    ),
    *(f"delete_{kind}" for kind in ("run", "step", "job")),
    "retry_all",
    "retry_failed",
    "pause_type",
    "resume_type",
    "schedule",
    "pause_schedule",
    "unschedule",
    "submit_after_end",
    "cancel_at_once",
)
"""What an operator asked for."""

SEEN = (
    "retry_acknowledged",
    "retry_refused",
    "reopened",
    "reopened_again",
    "deleted_ended",
    "delete_refused",
    "run_expired",
    "key_expired",
    "key_freed",
    "key_of_another",
    "events_pruned",
    "schedule_fired",
    "schedule_fired_late",
    "schedule_skipped",
    "closing_cancel",
    "closing_failed",
    "closing_timeout",
    "closing_tolerance",
    "tolerance_warning",
    "condition_True",
    "condition_False",
    "condition_not_evaluated",
    "skipped_disabled",
    "began_after_pre",
    "began_after_post",
    "post_job_not_run",
    "attempt_beyond_its_own",
    "lost_too_often",
    "kept_children",
    "attempt_refused",
    "swept_pending",
    "swept_scheduled",
    "swept_paused",
)
"""What a judge has seen in rows and events."""

EVERY = (*FAULTS, *(f"body_{name}" for name in BODIES), *OPERATIONS, *SEEN)
"""All that a long run must have met."""


class Marks(Counter[str]):
    """How often each was met."""
