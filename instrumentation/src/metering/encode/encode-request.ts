import { ATTR_SERVICE_NAME, QUOTEL_SCOPE_NAME } from "@quotel/conventions";

import type { Signal } from "../signal.ts";
import type { SegmentHeader } from "../spool/segment-format.ts";
import { encodeAttributes } from "./encode-attributes.ts";

/** What OTLP calls a request's resources, the scopes in them, and the items in these. */
const NAMES = {
  traces: ["resourceSpans", "scopeSpans", "spans"],
  metrics: ["resourceMetrics", "scopeMetrics", "metrics"],
  logs: ["resourceLogs", "scopeLogs", "logRecords"],
} as const satisfies Record<Signal, readonly string[]>;

/** An OTLP/JSON request around items that are already encoded. */
export function encodeRequest(
  signal: Signal,
  { serviceName, scopeVersion }: SegmentHeader,
  items: readonly string[],
): string {
  const [resources, scopes, named] = NAMES[signal];
  const resource = `{"attributes":${encodeAttributes({ [ATTR_SERVICE_NAME]: serviceName })}}`;
  const scope = JSON.stringify({ name: QUOTEL_SCOPE_NAME, version: scopeVersion });
  return `{"${resources}":[{"resource":${resource},"${scopes}":[{"scope":${scope},"${named}":[${items.join(",")}]}]}]}`;
}
