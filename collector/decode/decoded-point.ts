import type { Attributes } from "./attributes.ts";
import type { DecodedScope } from "./decoded-span.ts";

/** Values of the OTLP enum `AggregationTemporality`. */
export const TEMPORALITY_DELTA = 1;
export const TEMPORALITY_CUMULATIVE = 2;

/** Bit of a point's flags: the sender had nothing to report for this stream. */
export const FLAG_NO_RECORDED_VALUE = 1;

/** What a metrics request holds. */
export interface DecodedMetrics {
  readonly points: DecodedPoint[];
  /** Points of histograms and summaries: no levels, so never read. */
  readonly passedOver: number;
}

/**
 * One data point of a gauge or a sum as it was sent, nothing judged yet; both encodings give the same one. Points of
 * histograms and summaries carry no level: a request's decoder only counts them.
 */
export interface DecodedPoint {
  readonly metric: string;
  readonly unit: string;
  readonly kind: "gauge" | "sum";
  /** OTLP's enum; 0 for gauges. */
  readonly temporality: number;
  readonly monotonic: boolean;
  /** Microseconds since the Unix epoch, the nanoseconds rounded down; 0 = not sent. */
  readonly startMicros: number;
  readonly timeMicros: number;
  /** Null = no value was sent (the "no recorded value" flag, or an unknown kind of number). */
  readonly value: number | null;
  readonly attributes: Attributes;
  /** Shared by all points of one resource. */
  readonly resource: Attributes;
  /** Shared by all points of one scope. */
  readonly scope: Readonly<DecodedScope>;
}
