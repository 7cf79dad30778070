import type { UsageStatus } from "#database/record/usage-event";
import { STATUS_CODE_ERROR, type DecodedSpan } from "../../decode/decoded-span.ts";
import { NAMES } from "./attribute-names.ts";
import { first } from "./first-attribute.ts";

/**
 * How the work ended. A server's request failed when the server did (5xx or span status ERROR): a 404 was served.
 * Everything else failed when its span says ERROR or names an `error.type`.
 */
export function statusOf(span: DecodedSpan, eventType: string): UsageStatus {
  const named = first(span.attributes, NAMES.status);
  if (named === "rate_limited" || named === "failed" || named === "ok") return named;
  if (span.statusCode === STATUS_CODE_ERROR) return "failed";
  if (eventType !== "api_call") return first(span.attributes, NAMES.errorType) === undefined ? "ok" : "failed";
  const httpStatus = Number(first(span.attributes, NAMES.httpStatus));
  return httpStatus >= 500 ? "failed" : "ok";
}
