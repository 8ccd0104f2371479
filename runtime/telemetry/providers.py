"""OpenTelemetry's providers: our own, which send to an OTLP/HTTP endpoint, or those that the service has set up.

The variables of OpenTelemetry's specification (``OTEL_*``) go before what the file says: whatever one of them decides
is left to the SDK, which reads them itself.
"""

import logging
import os
from collections.abc import Callable, Mapping
from threading import Thread
from typing import Any, Protocol

from opentelemetry import metrics as metrics_api
from opentelemetry import trace as trace_api
from opentelemetry.exporter.otlp.proto.http.metric_exporter import OTLPMetricExporter
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.metrics import MeterProvider
from opentelemetry.sdk.metrics import MeterProvider as SdkMeterProvider
from opentelemetry.sdk.metrics.export import PeriodicExportingMetricReader
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import Tracer, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.sdk.trace.sampling import ParentBased, TraceIdRatioBased

from runtime import __version__
from runtime.telemetry.settings import TelemetrySettings

logger = logging.getLogger("quaero.telemetry")

SCOPE = "quaero.runtime"
"""Name of the instrumentation scope."""

_SENT_ELSEWHERE = (
    "telemetry.%s is not sent: OTEL_EXPORTER_OTLP%s_PROTOCOL asks for %s, this runtime sends http/protobuf"
)


class Provider(Protocol):
    """What has to be shut down in the end."""

    def shutdown(self) -> None:
        """Send what is left, and stop."""
        ...


class Providers:
    """The providers of one runtime. ``own`` are those that were made here."""

    def __init__(self, settings: TelemetrySettings, instance: str) -> None:
        """Make or find them.

        Args:
            settings: what is wanted.
            instance: what tells this runtime from others of the same service.
        """
        self.own: list[Provider] = []
        self._settings = settings
        self._resource = (
            _resource(settings, instance) if "otlp" in {settings.traces, settings.metrics} else None
        )
        environment = os.environ
        disabled = environment.get("OTEL_SDK_DISABLED", "").strip().lower() == "true"
        self.tracer = None if disabled else self._tracer(environment)
        self.meter_provider = None if disabled else self._meters(environment)

    def __repr__(self) -> str:
        return f"<Providers(traces={self._settings.traces!r}, metrics={self._settings.metrics!r})>"

    def close(self, left_seconds: Callable[[], float]) -> bool:
        """Send what is left, while there is time left; returns whether that was done.

        A receiver that does not answer is not waited for: threads that still try end with the process.
        """
        closing = [
            Thread(target=each.shutdown, name="quaero-telemetry-close", daemon=True) for each in self.own
        ]
        self.own = []
        for each in closing:
            each.start()
        for each in closing:
            each.join(left_seconds())
        return not any(each.is_alive() for each in closing)

    def _tracer(self, environment: Mapping[str, str]) -> Tracer | None:
        wanted = self._settings.traces
        if wanted == "off" or (wanted == "otlp" and _sent_elsewhere("traces", environment)):
            return None
        if wanted == "host":
            provider: trace_api.TracerProvider = trace_api.get_tracer_provider()
        else:
            sampler = None
            if not environment.get("OTEL_TRACES_SAMPLER"):
                sampler = ParentBased(TraceIdRatioBased(self._settings.sample_ratio))
            own = TracerProvider(sampler=sampler, resource=self._resource, shutdown_on_exit=False)
            endpoint = self._endpoint("traces", environment)
            own.add_span_processor(BatchSpanProcessor(OTLPSpanExporter(endpoint=endpoint)))
            self.own.append(own)
            provider = own
        tracer = provider.get_tracer(SCOPE, __version__)
        if not isinstance(tracer, Tracer):
            logger.warning(
                'no spans are made: telemetry.traces = "host", but the tracer provider that this process has set is'
                " %s; set one of opentelemetry.sdk.trace before the runtime starts",
                type(provider).__name__,
            )
            return None
        return tracer

    def _meters(self, environment: Mapping[str, str]) -> MeterProvider | None:
        wanted = self._settings.metrics
        if wanted == "off" or (wanted == "otlp" and _sent_elsewhere("metrics", environment)):
            return None
        if wanted == "host":
            return metrics_api.get_meter_provider()
        interval = None
        if not environment.get("OTEL_METRIC_EXPORT_INTERVAL"):
            interval = self._settings.metrics_interval_seconds * 1000
        reader = PeriodicExportingMetricReader(
            OTLPMetricExporter(endpoint=self._endpoint("metrics", environment)),
            export_interval_millis=interval,
        )
        provider = SdkMeterProvider([reader], resource=self._resource, shutdown_on_exit=False)
        self.own.append(provider)
        return provider

    def _endpoint(self, signal: str, environment: Mapping[str, str]) -> str | None:
        """Where this signal goes; None leaves it to the SDK."""
        said = ("OTEL_EXPORTER_OTLP_ENDPOINT", f"OTEL_EXPORTER_OTLP_{signal.upper()}_ENDPOINT")
        if not self._settings.endpoint or any(environment.get(name) for name in said):
            return None
        return f"{self._settings.endpoint.rstrip('/')}/v1/{signal}"


def _resource(settings: TelemetrySettings, instance: str) -> Resource:
    """What sends: the SDK puts what ``OTEL_RESOURCE_ATTRIBUTES`` and ``OTEL_SERVICE_NAME`` say above it."""
    found: dict[str, Any] = {"service.instance.id": instance, "service.version": __version__}
    named = {
        each.partition("=")[0].strip() for each in os.environ.get("OTEL_RESOURCE_ATTRIBUTES", "").split(",")
    }
    found = {key: value for key, value in found.items() if key not in named}
    if not os.environ.get("OTEL_SERVICE_NAME") and "service.name" not in named:
        found["service.name"] = settings.service_name
    return Resource.create(found)


def _sent_elsewhere(signal: str, environment: Mapping[str, str]) -> bool:
    """Whether the environment does not want this signal to go out by OTLP over HTTP; said in the log."""
    exporter = environment.get(f"OTEL_{signal.upper()}_EXPORTER", "otlp").strip().lower()
    if exporter not in {"", "otlp"}:
        if exporter != "none":
            logger.warning(
                "telemetry.%s is not sent: OTEL_%s_EXPORTER is %s", signal, signal.upper(), exporter
            )
        return True
    for part in (f"_{signal.upper()}", ""):
        protocol = environment.get(f"OTEL_EXPORTER_OTLP{part}_PROTOCOL", "").strip().lower()
        if protocol:
            if protocol != "http/protobuf":
                logger.warning(_SENT_ELSEWHERE, signal, part, protocol)
                return True
            return False
    return False
