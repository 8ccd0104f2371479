"""A service with OpenTelemetry of its own: prints what its exporter and its reader of metrics got."""

import json
import sys
from pathlib import Path

from opentelemetry import metrics, trace
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from runtime import Runtime
from runtime.settings import RuntimeSettings
from runtime.telemetry.settings import TelemetrySettings
from tests.embedding.workers import Number, double


def main(store: Path) -> None:
    """Run a job below a span of the service."""
    exporter, reader = InMemorySpanExporter(), InMemoryMetricReader()
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    trace.set_tracer_provider(provider)
    metrics.set_meter_provider(MeterProvider([reader]))
    settings = RuntimeSettings(store=store, telemetry=TelemetrySettings(traces="host", metrics="host"))
    tracer = trace.get_tracer("the service")
    with Runtime(settings, workers=[double]) as runtime:
        with tracer.start_as_current_span("request"):
            run = runtime.fan_out("double", [Number(1)])
        run.wait(100)
        data = json.loads(reader.get_metrics_data().to_json())  # type: ignore[union-attr]
    names = {
        metric["name"]
        for resource in data["resource_metrics"]
        for scope in resource["scope_metrics"]
        for metric in scope["metrics"]
    }
    with tracer.start_as_current_span("after"):
        pass  # the provider is the service's own: it goes on
    spans = exporter.get_finished_spans()
    print(
        json.dumps(
            {
                "spans": sorted(span.name for span in spans),
                "traces": len({span.context.trace_id for span in spans if span.name != "after"}),
                "metrics": sorted(names & {"quaero.jobs", "messaging.process.duration"}),
            }
        )
    )


if __name__ == "__main__":
    main(Path(sys.argv[1]))
