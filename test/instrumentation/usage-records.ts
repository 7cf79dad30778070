import type { UsageRecord } from "../../instrumentation/src/metering/usage-record.ts";

/** The n-th record of a test: always the same. */
export function chatRecord(index: number): UsageRecord {
  return {
    eventType: "chat",
    spanName: "chat m",
    traceId: "1".repeat(32),
    spanId: index.toString(16).padStart(16, "0"),
    parentSpanId: null,
    startMicros: 1_700_000_000_000_000 + index,
    endMicros: 1_700_000_000_000_500 + index,
    status: "ok",
    tenantId: "acme",
    reservationId: null,
    attributes: { "gen_ai.usage.input_tokens": index },
  };
}
