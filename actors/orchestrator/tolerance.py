"""When a step has failed too often. Pure; judged child by child, in the order in which the children ended."""

import msgspec

from actors.job import Counts, ErrorTolerance


def exceeded(tolerance: ErrorTolerance | None, counts: Counts) -> bool:
    """Whether these counts use the tolerance up. No tolerance bears everything."""
    if tolerance is None or not counts.failed:
        return False
    if 0 < tolerance.max_child_failures <= counts.failed:
        return True
    if tolerance.max_failure_ratio <= 0 or counts.finished < tolerance.min_finished:
        return False
    return counts.failed / counts.finished >= tolerance.max_failure_ratio


def exceeded_within(tolerance: ErrorTolerance | None, counts: Counts, successes: int) -> bool:
    """Whether these counts used the tolerance up at any of the last ``successes`` ends, all of them completed.

    A success lowers the ratio, so that it is largest at the first of them at which ``min_finished`` is reached.
    """
    if tolerance is None:
        return False
    later = max(0, min(counts.finished - tolerance.min_finished, successes - 1))
    return exceeded(tolerance, msgspec.structs.replace(counts, completed=counts.completed - later))


def exceeded_text(tolerance: ErrorTolerance, counts: Counts) -> str:
    """The sentence for the parent's error or warning."""
    limit = f"max {tolerance.max_child_failures}" if tolerance.max_child_failures else ""
    if tolerance.max_failure_ratio:
        limit += f"{', ' if limit else ''}max ratio {tolerance.max_failure_ratio:g}"
    return f"Error tolerance exceeded: {counts.failed} of {counts.finished} ended children failed ({limit})"
