"""Where a program's telemetry goes. The OTEL_* environment says it, as for any service."""

import logging
import os

if os.environ["OTEL_EXPORTER_OTLP_PROTOCOL"] == "grpc":
    from opentelemetry.exporter.otlp.proto.grpc._log_exporter import OTLPLogExporter
    from opentelemetry.exporter.otlp.proto.grpc.metric_exporter import OTLPMetricExporter
    from opentelemetry.exporter.otlp.proto.grpc.trace_exporter import OTLPSpanExporter
else:
    from opentelemetry.exporter.otlp.proto.http._log_exporter import OTLPLogExporter
    from opentelemetry.exporter.otlp.proto.http.metric_exporter import OTLPMetricExporter
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter

__all__ = ["Delivery", "OTLPLogExporter", "OTLPMetricExporter", "OTLPSpanExporter", "Warnings"]


class Delivery:
    """An exporter of the SDK that delivers everything a number of times, and knows how often it could not."""

    def __init__(self, exporter, times=1):
        self.exporter = exporter
        self.times = times
        self.failed = 0

    def export(self, telemetry, **options):
        for _ in range(self.times):
            result = self.exporter.export(telemetry, **options)
            if result.name != "SUCCESS":
                self.failed += 1
        return result

    def __getattr__(self, name):
        return getattr(self.exporter, name)


class Warnings(logging.Handler):
    """Counts what the SDK complains about, such as a receiver it has to call again."""

    def __init__(self):
        super().__init__(logging.WARNING)
        self.count = 0
        logging.getLogger("opentelemetry").addHandler(self)

    def emit(self, record):
        self.count += 1
