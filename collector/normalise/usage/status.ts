import type { UsageStatus } from "#database/record/usage-event";
import { STATUS_CODE_ERROR, type DecodedSpan } from "../../decode/decoded-span.ts";
import { SLOT, type Slots } from "./attributes/slots.ts";

/**
 * How the work ended. A server's request failed when the server did (5xx or span status ERROR): a 404 was served.
 * Everything else failed when its span says ERROR, in its status or as Langfuse's level, or names an `error.type`.
 */
export function statusOf(span: DecodedSpan, slots: Slots, eventType: string): UsageStatus {
  const named = slots.get(SLOT.status);
  if (named === "rate_limited" || named === "failed" || named === "ok") return named;
  if (span.statusCode === STATUS_CODE_ERROR) return "failed";
  if (eventType === "api_call") return Number(slots.get(SLOT.httpStatus)) >= 500 ? "failed" : "ok";
  return slots.get(SLOT.errorType) !== undefined || slots.get(SLOT.level) === "ERROR" ? "failed" : "ok";
}
