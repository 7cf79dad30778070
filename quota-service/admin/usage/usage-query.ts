import { TENANT_ID_PATTERN } from "@quotel/conventions";
import { z } from "zod";
import { invalidRequest } from "../../http/refusal.ts";
import type { Parsed } from "../../http/refusal.ts";
import { parse } from "../../http/validation.ts";

export const GRANULARITIES = ["hourly", "daily", "monthly"] as const;
export type Granularity = (typeof GRANULARITIES)[number];

export const METRICS = ["tokens", "api_calls", "chat_messages", "embeddings", "cost"] as const;
export type Metric = (typeof METRICS)[number];

/** Which buckets are asked for: those that overlap [startMs, endMs). */
export interface UsageRange {
  readonly granularity: Granularity;
  readonly startMs: number;
  readonly endMs: number;
}

export interface UsageQuery {
  readonly tenantId: string | null;
  readonly range: UsageRange;
  /** Narrows limits to this resource and ranks tenants by it; null = every limit, ranked by tokens. */
  readonly metric: Metric | null;
}

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
/** The range when none is named, and the longest one: an answer stays below a thousand buckets. */
const DEFAULT_RANGE_MS = { hourly: 2 * DAY_MS, daily: 30 * DAY_MS, monthly: 365 * DAY_MS };
const LONGEST_RANGE_MS = { hourly: 31 * DAY_MS, daily: 732 * DAY_MS, monthly: 3660 * DAY_MS };

const DATE = /^\d{4}-\d\d-\d\d$/;
const INSTANT = /^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d{1,6})?)?(Z|[+-]\d\d:\d\d)$/;

const dateSchema = z.string().refine(isInstant, "must be a date (2026-01-31) or an instant (2026-01-31T09:00:00Z)");

const querySchema = z.strictObject({
  // The admin may also look at the reserved tenant.
  tenantId: z.string().regex(TENANT_ID_PATTERN, "is not a tenant id").optional(),
  period: z.enum(GRANULARITIES).default("daily"),
  startDate: dateSchema.optional(),
  endDate: dateSchema.optional(),
  metric: z.enum(METRICS).optional(),
});

/** Reads the query of `GET /v1/admin/usage`. A date as `endDate` includes its day; dates without a time are UTC's. */
export function readUsageQuery(query: unknown, nowMs: number): Parsed<UsageQuery> {
  const parsed = parse(querySchema, query);
  if (!parsed.ok) return parsed;
  const { tenantId = null, period: granularity, startDate, endDate, metric = null } = parsed.value;
  const endMs = endDate === undefined ? nowMs : Date.parse(endDate) + (DATE.test(endDate) ? DAY_MS : 0);
  const startMs = startDate === undefined ? endMs - DEFAULT_RANGE_MS[granularity] : Date.parse(startDate);
  if (startMs >= endMs) return invalid("startDate", "must be before endDate");
  const longest = LONGEST_RANGE_MS[granularity];
  if (endMs - startMs > longest) {
    return invalid("startDate", `must be at most ${longest / DAY_MS} days before endDate for ${granularity} usage`);
  }
  return { ok: true, value: { tenantId, range: { granularity, startMs, endMs }, metric } };
}

/** Whether it is a date that exists: `Date.parse` alone would read February 30 as March 2. */
function isInstant(text: string): boolean {
  if (!DATE.test(text) && !INSTANT.test(text)) return false;
  const day = Date.parse(text.slice(0, 10));
  return !Number.isNaN(Date.parse(text)) && new Date(day).toISOString().startsWith(text.slice(0, 10));
}

function invalid(path: string, message: string): Parsed<never> {
  return { ok: false, refusal: invalidRequest([{ path, message }]) };
}
