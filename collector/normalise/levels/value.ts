import type { PointKind } from "#database/levels/metric-point";
import { TEMPORALITY_CUMULATIVE, TEMPORALITY_DELTA, type DecodedPoint } from "../../decode/decoded-point.ts";

/** How a point is to be read; `usage` is an amount that was used since the stream's last point. */
export function kindOf(point: DecodedPoint): PointKind | "usage" | null {
  if (point.kind === "gauge") return "gauge";
  if (point.temporality === TEMPORALITY_CUMULATIVE) return point.monotonic ? "counter" : "cumulative";
  if (point.temporality === TEMPORALITY_DELTA) return point.monotonic ? "usage" : "delta";
  return null;
}

/** Why a value cannot be one of that kind, or null. Integers only (I5); what counts down to below nothing is no count. */
export function valueProblem(value: number, kind: PointKind | "usage"): string | null {
  if (!Number.isFinite(value)) return "not_finite";
  if (!Number.isInteger(value)) return "not_an_integer";
  if (!Number.isSafeInteger(value)) return "out_of_range";
  // A part of a level may be below 0: an instance sees things go that another one saw come.
  return value < 0 && kind !== "cumulative" && kind !== "delta" ? "negative" : null;
}

/** Why a point's times say nothing, or null. 2^53 microseconds are the year 2255: such a clock is broken, not ahead. */
export function timeProblem({ startMicros, timeMicros }: DecodedPoint): string | null {
  if (timeMicros === 0) return "no_time";
  if (timeMicros > Number.MAX_SAFE_INTEGER) return "invalid_time";
  return startMicros > timeMicros ? "ends_before_start" : null;
}
