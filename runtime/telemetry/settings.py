"""What ``[telemetry]`` of ``quaero.toml`` says."""

from importlib.util import find_spec
from typing import Literal

import msgspec

Destination = Literal["off", "otlp", "host"]

NEEDED = ("opentelemetry.sdk.trace", "opentelemetry.exporter.otlp.proto.http")
"""Modules of the extra ``otel``."""


class TelemetrySettings(msgspec.Struct, frozen=True):
    """Where traces and metrics go: nowhere, to an OTLP endpoint, or to what the embedding service has set up itself."""

    traces: Destination = "off"
    metrics: Destination = "off"
    endpoint: str = (
        ""  # base URL of an OTLP/HTTP receiver; "" = OpenTelemetry's default, http://localhost:4318
    )
    service_name: str = "quaero"
    sample_ratio: float = 1.0  # of the runs that nobody has decided about before
    metrics_interval_seconds: float = 60.0

    @property
    def on(self) -> bool:
        """Whether anything is wanted at all."""
        return self.traces != "off" or self.metrics != "off"

    @property
    def problem(self) -> str:
        """Why this can not be had here, after the key's name; "" if it can. ``remedy`` says what to do."""
        if not self.on or all(map(_installed, NEEDED)):
            return ""
        return "needs OpenTelemetry, which is not installed"

    @property
    def remedy(self) -> str:
        """What to do about ``problem``."""
        return "pip install 'quaero-runtime[otel]', or leave the section out"


def _installed(module: str) -> bool:
    try:
        return find_spec(module) is not None
    except ModuleNotFoundError:  # not even its package is
        return False
