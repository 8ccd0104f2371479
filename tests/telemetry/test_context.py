"""Places in traces: what is read from headers and rows, and what is derived."""

import pytest
from hypothesis import given
from hypothesis import strategies as some

from runtime.telemetry.context import (
    MAX_STATE,
    TraceContext,
    attempt_span_id,
    own_place,
    parent_span_id,
    parsed,
    run_place,
    trace_id_of,
)

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
SPAN = "00f067aa0ba902b7"
IDS = some.integers(1, (1 << 63) - 1)


@pytest.mark.parametrize("flags", ["01", "03", "ff"])
def test_a_header_is_read_as_the_standard_has_it(flags: str) -> None:
    assert parsed(f"00-{TRACE}-{SPAN}-{flags}") == TraceContext(int(TRACE, 16), int(SPAN, 16), sampled=True)
    assert parsed(f"00-{TRACE}-{SPAN}-00") == TraceContext(int(TRACE, 16), int(SPAN, 16), sampled=False)
    assert parsed(f"cc-{TRACE}-{SPAN}-01-what-a-later-version-adds") is not None


@pytest.mark.parametrize(
    "header",
    [
        None,
        "",
        "x",
        f"ff-{TRACE}-{SPAN}-01",
        f"00-{TRACE}-{SPAN}-01-more",
        f"00-{'0' * 32}-{SPAN}-01",
        f"00-{TRACE}-{'0' * 16}-01",
        f"00-{TRACE.upper()}-{SPAN}-01",
        f"00-{TRACE}-{SPAN}-1",
        f"00-{TRACE[1:]}-{SPAN}-01",
    ],
)
def test_what_is_no_header_is_none(header: str | None) -> None:
    assert parsed(header) is None


@given(
    some.integers(1, (1 << 128) - 1),
    some.integers(1, (1 << 64) - 1),
    some.booleans(),
    some.sampled_from(["", "vendor=value", "a=1,b=2 3"]),
)
def test_a_place_is_the_same_after_it_was_kept(trace: int, span: int, sampled: bool, state: str) -> None:
    place = TraceContext(trace, span, sampled, state)
    assert parsed(place.text) == place


@given(some.text())
def test_no_text_in_a_row_or_a_header_does_harm(text: str) -> None:
    parsed(text)
    parsed(f"00-{TRACE}-{SPAN}-01 {text}")


def test_a_state_that_is_too_long_is_left_out() -> None:
    found = parsed(f"00-{TRACE}-{SPAN}-01 {'x' * (MAX_STATE + 1)}")
    assert found is not None
    assert found.state == ""


@given(IDS, IDS, IDS)
def test_derived_ids_are_ids_and_differ(run: int, step: int, token: int) -> None:
    spans = {
        parent_span_id(run, 0),
        parent_span_id(run, 1),
        attempt_span_id(step, token),
        attempt_span_id(step, 0),
    }
    assert len(spans) == (4 if token else 3)
    assert all(0 < each < 1 << 64 for each in spans)
    assert 0 < trace_id_of(run) < 1 << 128


@given(IDS, some.booleans())
def test_a_run_that_holds_its_own_place_hangs_below_nothing(run: int, sampled: bool) -> None:
    place = run_place(run, own_place(run, sampled=sampled).text)
    assert place == TraceContext(trace_id_of(run), 0, sampled)
    assert run_place(run, None) is None
    above = run_place(run, f"00-{TRACE}-{SPAN}-01")
    assert above is not None
    assert above.span_id == int(SPAN, 16)
