import type { MetricPoint } from "#database/levels/metric-point";
import type { UsageEvent } from "#database/record/usage-event";
import type { Counters } from "../observe/counters.ts";
import { DecodeError } from "../decode/decode-error.ts";
import type { DecodedMetrics } from "../decode/decoded-point.ts";
import { JsonMetricsDecoder } from "../decode/json/metrics.ts";
import { KeyTable } from "../decode/key-table.ts";
import { ProtobufMetricsDecoder } from "../decode/protobuf/metrics.ts";
import { normalisePoint } from "../normalise/levels/normalise-point.ts";
import type { TenantAttributes } from "../normalise/tenant/tenant-attributes.ts";
import type { Refuse } from "../quarantine/refuse.ts";
import { refusedDataPoint } from "../quarantine/refused-item.ts";
import type { RefusedItem } from "../quarantine/refused-item.ts";
import { Reasons } from "../reasons.ts";
import type { Ingest } from "../receive/endpoint.ts";
import type { LevelOutcome, LevelRecorder } from "../record/level-recorder.ts";
import type { RecordOutcome, Recorder } from "../record/recorder.ts";

export interface LevelIngestParts {
  /** Takes what needs nothing remembered: the usage of delta sums. */
  readonly recorder: Pick<Recorder, "record">;
  readonly levels: Pick<LevelRecorder, "record">;
  readonly refuse: Refuse;
  readonly counters: Counters;
  readonly tenantAttributes: TenantAttributes;
  /** Unix milliseconds. */
  readonly now: () => number;
}

/**
 * Builds the way of metrics after their bytes are in: decode, normalise, record, and only then the answer (I2). What it
 * returns rejects only when a recorder does.
 */
export function createLevelIngest(parts: LevelIngestParts): Ingest {
  const { recorder, levels, refuse, counters, tenantAttributes, now } = parts;
  // All attributes of a point say which stream it is, so all are read, arrays and maps too.
  const keys = new KeyTable([], { prefixes: [""], structured: [""] });
  const decoders = { protobuf: new ProtobufMetricsDecoder(keys), json: new JsonMetricsDecoder(keys) };

  return async (bytes, encoding, producer) => {
    let metrics: DecodedMetrics;
    try {
      metrics = decoders[encoding].decode(bytes);
    } catch (error) {
      if (!(error instanceof DecodeError)) throw error;
      counters.add("requests_undecodable");
      return { kind: "error", status: error.status, message: `not an OTLP metrics request: ${error.message}` };
    }

    const receivedAtMicros = now() * 1000;
    const points: MetricPoint[] = [];
    const events: UsageEvent[] = [];
    const ignored = new Reasons();
    const rejected = new Reasons();
    const refused: RefusedItem[] = [];
    ignored.add("not_a_number", metrics.passedOver);
    for (const decoded of metrics.points) {
      const normalised = normalisePoint(decoded, producer, receivedAtMicros, tenantAttributes);
      if (normalised.kind === "point") points.push(normalised.point);
      else if (normalised.kind === "usage") events.push(normalised.event);
      else if (normalised.kind === "ignored") ignored.add(normalised.reason);
      else {
        rejected.add(normalised.reason);
        refused.push(refusedDataPoint(decoded, normalised, producer, tenantAttributes));
      }
    }

    const outcomes: (LevelOutcome | RecordOutcome)[] = await Promise.all([
      ...(points.length > 0 ? [levels.record(points, producer)] : []),
      ...(events.length > 0 ? [recorder.record(events, producer)] : []),
    ]);
    // Only then, so that what comes again after a 503 is not counted as another attempt.
    if (refused.length > 0 && outcomes.every(({ kind }) => kind === "committed")) {
      outcomes.push(await refuse(refused, producer));
    }
    for (const outcome of outcomes) {
      if (outcome.kind === "unavailable") {
        counters.add("requests_unavailable");
        const { retryAfterSeconds } = outcome;
        return { kind: "error", status: 503, message: "the database is not available", retryAfterSeconds };
      }
      if ("refused" in outcome) rejected.addAll(outcome.refused);
    }
    // Counted once the request is done with: what is answered 503 comes again.
    const received = metrics.points.length + metrics.passedOver;
    counters.add("points_received", received);
    counters.add("points_accepted", received - ignored.total() - rejected.total());
    ignored.countAs(counters, "points_ignored");
    rejected.countAs(counters, "points_rejected");
    return { kind: "accepted", rejected: rejected.total(), message: rejected.said("rejected data points") };
  };
}
