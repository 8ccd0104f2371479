"""Where a runtime meets its telemetry. Nothing of OpenTelemetry is loaded unless the settings ask for it."""

import os
import socket
from itertools import count
from typing import TYPE_CHECKING

import msgspec

from actors.messages import Submit
from actors.seams import Clock
from runtime.settings import RuntimeSettings
from runtime.telemetry.incoming import current
from runtime.telemetry.observing import BodyObserver

if TYPE_CHECKING:
    from runtime.assembly import Assembly
    from runtime.telemetry.telemetry import Telemetry

_numbers = count(1)
"""Of the runtimes of this process."""


def opened(assembly: "Assembly") -> "Telemetry | None":
    """Traces and metrics of a runtime that is about to start; None: none are wanted."""
    if not assembly.settings.telemetry.on:
        return None
    from runtime.telemetry.telemetry import Telemetry

    return Telemetry(assembly, f"{socket.gethostname()}-{os.getpid()}-{next(_numbers)}")


def observer_of(
    telemetry: "Telemetry | None", settings: RuntimeSettings, clock: Clock
) -> BodyObserver | None:
    """What sees each body; None: nobody does, and bodies cost nothing more."""
    spans = None if telemetry is None else telemetry.spans
    durations = None if telemetry is None else telemetry.durations
    if spans is None and durations is None and not settings.binds_logs:
        return None
    return BodyObserver(clock, spans, durations)


def placed(request: Submit, telemetry: "Telemetry | None") -> Submit:
    """The request with its place in a trace: below what it is asked for in, or, where runs are traced, of its own."""
    caller = current()
    place = telemetry.submitted(request.run_id, caller) if telemetry is not None else None
    place = place or caller
    if place is None:
        return request
    linked = None
    if caller is not None and request.linked:  # they hang below the same span as the run they come with
        linked = msgspec.structs.replace(caller, sampled=place.sampled).text
    return msgspec.structs.replace(request, trace_context=place.text, linked_trace_context=linked)
