import {
  ATTR_QUOTEL_BOOT_ID,
  ATTR_QUOTEL_EVENT_TYPE,
  ATTR_QUOTEL_RESERVATION_ID,
  ATTR_QUOTEL_SEQ,
  ATTR_QUOTEL_STATUS,
  ATTR_QUOTEL_TENANT_ID,
} from "@quotel/conventions";

import type { UsageRecord } from "../usage-record.ts";
import { encodeAttributes } from "./encode-attributes.ts";

/** OTLP enums. */
const KIND_SERVER = 2;
const KIND_CLIENT = 3;
const STATUS_ERROR = 2;

/** The record as one OTLP/JSON span. Pure: the same record, boot and seq give the same bytes. */
export function encodeSpan(record: UsageRecord, bootId: string, seq: number): string {
  const attributes = encodeAttributes({
    [ATTR_QUOTEL_EVENT_TYPE]: record.eventType,
    [ATTR_QUOTEL_TENANT_ID]: record.tenantId ?? undefined,
    [ATTR_QUOTEL_RESERVATION_ID]: record.reservationId ?? undefined,
    [ATTR_QUOTEL_STATUS]: record.status === "rate_limited" ? "rate_limited" : undefined,
    ...record.attributes,
    [ATTR_QUOTEL_BOOT_ID]: bootId,
    [ATTR_QUOTEL_SEQ]: seq,
  });
  const parent = record.parentSpanId === null ? "" : `,"parentSpanId":"${record.parentSpanId}"`;
  const kind = record.eventType === "api_call" ? KIND_SERVER : KIND_CLIENT;
  const status = record.status === "failed" ? `,"status":{"code":${STATUS_ERROR}}` : "";
  return (
    `{"traceId":"${record.traceId}","spanId":"${record.spanId}"${parent},"name":${JSON.stringify(record.spanName)},"kind":${kind}` +
    `,"startTimeUnixNano":"${record.startMicros}000","endTimeUnixNano":"${record.endMicros}000","attributes":${attributes}${status}}`
  );
}
