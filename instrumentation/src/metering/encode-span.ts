import {
  ATTR_QUOTEL_BOOT_ID,
  ATTR_QUOTEL_EVENT_TYPE,
  ATTR_QUOTEL_RESERVATION_ID,
  ATTR_QUOTEL_SEQ,
  ATTR_QUOTEL_STATUS,
  ATTR_QUOTEL_TENANT_ID,
  ATTR_SERVICE_NAME,
  QUOTEL_SCOPE_NAME,
} from "@quotel/conventions";

import type { AttributeValue, UsageRecord } from "./usage-record.ts";

/** OTLP enums. */
const KIND_SERVER = 2;
const KIND_CLIENT = 3;
const STATUS_ERROR = 2;

/** The record as one OTLP/JSON span. Pure: the same record, boot and seq give the same bytes. */
export function encodeSpan(record: UsageRecord, bootId: string, seq: number): string {
  const attributes: Record<string, AttributeValue | undefined> = {
    [ATTR_QUOTEL_EVENT_TYPE]: record.eventType,
    [ATTR_QUOTEL_TENANT_ID]: record.tenantId ?? undefined,
    [ATTR_QUOTEL_RESERVATION_ID]: record.reservationId ?? undefined,
    [ATTR_QUOTEL_STATUS]: record.status === "rate_limited" ? "rate_limited" : undefined,
    ...record.attributes,
    [ATTR_QUOTEL_BOOT_ID]: bootId,
    [ATTR_QUOTEL_SEQ]: seq,
  };
  return JSON.stringify({
    traceId: record.traceId,
    spanId: record.spanId,
    parentSpanId: record.parentSpanId ?? undefined,
    name: record.spanName,
    kind: record.eventType === "api_call" ? KIND_SERVER : KIND_CLIENT,
    startTimeUnixNano: `${record.startMicros}000`,
    endTimeUnixNano: `${record.endMicros}000`,
    attributes: encodeAttributes(attributes),
    status: record.status === "failed" ? { code: STATUS_ERROR } : undefined,
  });
}

/** An OTLP/JSON trace request around spans that are already encoded. */
export function encodeRequest(serviceName: string, scopeVersion: string, spans: readonly string[]): string {
  const resource = JSON.stringify({ attributes: encodeAttributes({ [ATTR_SERVICE_NAME]: serviceName }) });
  const scope = JSON.stringify({ name: QUOTEL_SCOPE_NAME, version: scopeVersion });
  return `{"resourceSpans":[{"resource":${resource},"scopeSpans":[{"scope":${scope},"spans":[${spans.join(",")}]}]}]}`;
}

function encodeAttributes(attributes: Readonly<Record<string, AttributeValue | undefined>>) {
  return Object.entries(attributes)
    .filter(([, value]) => value !== undefined)
    .map(([key, value]) => ({ key, value: encodeValue(value as AttributeValue) }));
}

/** 64-bit integers travel as strings in OTLP/JSON. */
function encodeValue(value: AttributeValue) {
  if (typeof value === "string") return { stringValue: value };
  return typeof value === "boolean" ? { boolValue: value } : { intValue: String(value) };
}
