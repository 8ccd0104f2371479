"""Places in traces. Pure: nothing of OpenTelemetry is needed to keep or to pass on one.

The ids of spans are derived: a run's from its id, a step's from its id, an attempt's from its job's id and the lease's
token, which is never used again. So whoever has the rows can continue the trace, and nothing has to be stored for it
but what came from outside: the run's row holds the place its spans hang below and whether they are sampled. A run that
hangs below nothing holds its own place. A run whose row holds none (it was submitted where nobody traces) has a trace
of its own, with an id derived from the run's.

As text a place is a ``traceparent`` (https://www.w3.org/TR/trace-context/), followed by a space and the
``tracestate`` if there is one.
"""

import re
from functools import lru_cache
from hashlib import blake2b

import msgspec

_TRACEPARENT = re.compile(r"([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?\Z", re.ASCII)
MAX_STATE = 512
"""Characters of a ``tracestate`` that is kept; a longer one is left out."""


class TraceContext(msgspec.Struct, frozen=True, gc=False):
    """A place in a trace: a span, or with span 0 the trace alone."""

    trace_id: int
    span_id: int
    sampled: bool
    state: str = ""

    @property
    def traceparent(self) -> str:
        """As the header has it."""
        return f"00-{self.trace_id:032x}-{self.span_id:016x}-{int(self.sampled):02x}"

    @property
    def text(self) -> str:
        """As a row has it."""
        return f"{self.traceparent} {self.state}" if self.state else self.traceparent


def parsed(text: str | None) -> TraceContext | None:
    """The place that a text or a ``traceparent`` header stands for; None if it stands for none."""
    if not text:
        return None
    parent, _, state = text.strip().partition(" ")
    found = _TRACEPARENT.match(parent)
    if found is None:
        return None
    version, trace, span, flags, more = found.groups()
    if version == "ff" or (version == "00" and more) or not int(trace, 16) or not int(span, 16):
        return None
    return TraceContext(int(trace, 16), int(span, 16), bool(int(flags, 16) & 1), bounded_state(state))


def bounded_state(state: str) -> str:
    """A ``tracestate`` that can be kept; "" in place of one that is too long or no plain text."""
    state = state.strip()
    return state if len(state) <= MAX_STATE and state.isascii() and state.isprintable() else ""


def trace_id_of(run_id: int) -> int:
    """The trace of a run that hangs below nothing."""
    return _derived(b"trace", 16, run_id)


def parent_span_id(parent_id: int, epoch: int) -> int:
    """The span of a run or a step; one that was opened again by a retry has another."""
    return _derived(b"parent", 8, parent_id, epoch)


def attempt_span_id(job_id: int, token: int) -> int:
    """The span of the attempt under that lease."""
    return _derived(b"attempt", 8, job_id, token)


@lru_cache(1024)  # asked for each attempt
def run_place(run_id: int, stored: str | None) -> TraceContext | None:
    """What the run's spans hang below, by its row; None if the row does not say. Span 0: below nothing."""
    found = parsed(stored)
    if found is not None and found.span_id == parent_span_id(run_id, 0):
        return TraceContext(found.trace_id, 0, found.sampled, found.state)
    return found


def own_place(run_id: int, *, sampled: bool, state: str = "") -> TraceContext:
    """What the row of a run holds that hangs below nothing: the run's own span."""
    return TraceContext(trace_id_of(run_id), parent_span_id(run_id, 0), sampled, state)


def _derived(what: bytes, size: int, *numbers: int) -> int:
    """A number that is the same wherever it is asked for, and 0 never: that is no id."""
    digest = blake2b(digest_size=size, person=b"quaero-" + what)
    for number in numbers:
        digest.update(number.to_bytes(8, "big"))
    return int.from_bytes(digest.digest(), "big") or 1
