"""Traces and metrics by OpenTelemetry, and what both need of a runtime.

- ``settings``    what ``[telemetry]`` says
- ``context``     places in traces: W3C texts, and ids derived from those of runs, steps and attempts; pure
- ``incoming``    the place a submit is called from: the span that is current, or a request's ``traceparent``
- ``measures``    the numbers a runtime has to tell, for ``/metrics`` and OpenTelemetry alike
- ``providers``   OpenTelemetry's providers, our own or the service's
- ``tracing``     spans: which runs are sampled, one span for each attempt
- ``ends``        spans of runs and steps, made after the commit that ended them
- ``metrics``     observable instruments over ``measures``
- ``attempt``     spans of attempts, and of managers' calls
- ``observing``   what those who run bodies tell of them; ``remote``: in another process
- ``opening``     where a runtime meets all of this
- ``telemetry``   all of it for one runtime, opened with it and closed with it

OpenTelemetry itself (extra ``otel``) is imported by ``telemetry`` and what that imports alone, and only where
``[telemetry]`` asks for it.
"""
