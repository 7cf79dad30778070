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
import { spanText } from "./span-text.ts";

/** OTLP's span kinds. */
const KIND_SERVER = 2;
const KIND_CLIENT = 3;

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
  return spanText(
    {
      ...record,
      name: record.spanName,
      kind: record.eventType === "api_call" ? KIND_SERVER : KIND_CLIENT,
      failed: record.status === "failed",
    },
    attributes,
  );
}
