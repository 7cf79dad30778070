import {
  ATTR_GEN_AI_PROVIDER_NAME,
  ATTR_GEN_AI_RESPONSE_MODEL,
  ATTR_GEN_AI_USAGE_INPUT_TOKENS,
  ATTR_GEN_AI_USAGE_OUTPUT_TOKENS,
  ATTR_QUOTEL_AMOUNT,
  ATTR_QUOTEL_RESOURCE,
  ATTR_QUOTEL_USAGE_SOURCE,
  ATTR_USER_ID,
} from "@quotel/conventions";

import { randomHex } from "../process/crypto.ts";
import type { UsageRecord } from "../metering/usage-record.ts";
import type { CallContext } from "../tap/call-context.ts";
import { metadataAttributes } from "./metadata.ts";
import type { UsageReport } from "./usage-report.ts";

/** What a named resource without a type of event is an event of; the collector's own word for it. */
const USAGE = "usage";

/** A report as the record that is sent. */
export function recordOf(report: UsageReport, context: CallContext): UsageRecord {
  const eventType = report.eventType ?? USAGE;
  const endMicros = (report.at?.getTime() ?? Date.now()) * 1000;
  return {
    eventType,
    spanName: report.resource === undefined ? eventType : `${eventType} ${report.resource}`,
    traceId: context.traceId,
    spanId: randomHex(8),
    parentSpanId: context.parentSpanId,
    startMicros: endMicros - Math.round((report.durationMs ?? 0) * 1000),
    endMicros,
    status: report.status ?? "ok",
    tenantId: context.tenantId,
    reservationId: context.work?.reservationId ?? null,
    attributes: {
      ...metadataAttributes(report.metadata ?? {}),
      [ATTR_QUOTEL_RESOURCE]: report.resource,
      [ATTR_QUOTEL_AMOUNT]: report.amount,
      [ATTR_GEN_AI_PROVIDER_NAME]: report.provider,
      [ATTR_GEN_AI_RESPONSE_MODEL]: report.model,
      [ATTR_GEN_AI_USAGE_INPUT_TOKENS]: report.inputTokens,
      [ATTR_GEN_AI_USAGE_OUTPUT_TOKENS]: report.outputTokens,
      [ATTR_QUOTEL_USAGE_SOURCE]: report.usageSource,
      [ATTR_USER_ID]: context.userId ?? undefined,
    },
  };
}
