"""How slow the machine is now, and how soon a thing is done on it: limits of time hold on other machines too.

A limit is what is allowed on the machine on which it was set. On a slower one, or on one that others keep busy, a fixed
computation takes longer by some factor, and so may whatever is measured beside it.
"""

import json
import re
import time
from collections.abc import Callable

USUAL_SECONDS = 0.011
"""What the fixed computation takes where the limits were set."""
TRIES = 5
_BLAME = re.compile(r"^<ActorCell\(.*\n(?:  .*\n)*\n?", re.MULTILINE)


def slowness(clock: Callable[[], float] = time.process_time) -> float:
    """By how much this machine is slower, at least 1.

    Args:
        clock: that of the measurement: of processor time, or ``time.monotonic`` where others count as well.
    """
    began = clock()
    _compute()
    return max(1.0, (clock() - began) / USUAL_SECONDS)


def _compute() -> None:
    """Some of everything, always the same."""
    for number in range(40):
        text = json.dumps(
            [{"number": each, "text": "word " * (each % 7)} for each in range(number, number + 60)]
        )
        sorted(json.loads(text), key=lambda each: (len(each["text"]), -each["number"]))
        sum(ord(each) % 7 for each in text)


def soonest(measure: Callable[[], float], within_seconds: float) -> float:
    """The least of up to five measurements: what is promised within a time has to come within it, if it is let.

    The first that is within the time ends it.
    """
    least = measure()
    for _ in range(TRIES - 1):
        if least < within_seconds:
            break
        least = min(least, measure())
    return least


def told_but_for_blame(stderr: str) -> str:
    """What a process said on stderr, without what the engine's watchdog says of handlers.

    It blames those as well that only waited for a processor, on a machine that had none for them.
    """
    return _BLAME.sub("", stderr)
