/** The three signals of OTLP, which differ on the wire only in these names. */
export type Signal = "traces" | "metrics" | "logs";

interface SignalNames {
  /** OTLP/HTTP. */
  readonly path: string;
  /** OTLP/gRPC; each service has the one method `Export`. */
  readonly service: string;
  /** The field of `partial_success` in JSON; in protobuf it is number 1 for all three. */
  readonly rejected: string;
}

const PACKAGE = "opentelemetry.proto.collector";

export const SIGNALS: Readonly<Record<Signal, SignalNames>> = {
  traces: { path: "/v1/traces", service: `${PACKAGE}.trace.v1.TraceService`, rejected: "rejectedSpans" },
  metrics: { path: "/v1/metrics", service: `${PACKAGE}.metrics.v1.MetricsService`, rejected: "rejectedDataPoints" },
  logs: { path: "/v1/logs", service: `${PACKAGE}.logs.v1.LogsService`, rejected: "rejectedLogRecords" },
};

export const SIGNAL_NAMES = Object.keys(SIGNALS) as Signal[];
