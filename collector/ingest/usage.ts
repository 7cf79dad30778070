import type { UsageEvent } from "#database/record/usage-event";
import type { Counters } from "../observe/counters.ts";
import { DecodeError } from "../decode/decode-error.ts";
import type { DecodedSpan } from "../decode/decoded-span.ts";
import { JsonTraceDecoder } from "../decode/json/traces.ts";
import { ProtobufTraceDecoder } from "../decode/protobuf/traces.ts";
import type { TenantAttributes } from "../normalise/tenant/tenant-attributes.ts";
import { spanKeys } from "../normalise/usage/attribute-names.ts";
import { normalise } from "../normalise/usage/normalise.ts";
import type { Price } from "../price/price.ts";
import type { Refuse } from "../quarantine/refuse.ts";
import { ignoredSpan, refusedSpan } from "../quarantine/refused-item.ts";
import type { RefusedItem } from "../quarantine/refused-item.ts";
import { Reasons } from "../reasons.ts";
import type { Answer } from "../receive/answer.ts";
import type { Ingest } from "../receive/endpoint.ts";
import type { RecordOutcome, Recorder } from "../record/recorder.ts";

export interface IngestParts {
  readonly recorder: Pick<Recorder, "record">;
  readonly refuse: Refuse;
  readonly counters: Counters;
  readonly price: Price;
  readonly tenantAttributes: TenantAttributes;
  /** Unix milliseconds. */
  readonly now: () => number;
}

/**
 * Builds the way of traces after their bytes are in: decode, normalise, price, record, and only then the answer (I2).
 * What it returns rejects only when the recorder does.
 */
export function createUsageIngest(parts: IngestParts): Ingest {
  const { recorder, refuse, counters, price, tenantAttributes, now } = parts;
  const keys = spanKeys(tenantAttributes);
  const decoders = { protobuf: new ProtobufTraceDecoder(keys), json: new JsonTraceDecoder(keys) };

  return async (bytes, encoding, producer, sentAtMicros = null) => {
    let spans: DecodedSpan[];
    try {
      spans = decoders[encoding].decode(bytes);
    } catch (error) {
      if (!(error instanceof DecodeError)) throw error;
      counters.add("requests_undecodable");
      return { kind: "error", status: error.status, message: `not an OTLP trace request: ${error.message}` };
    }

    const receivedAtMicros = now() * 1000;
    const events: UsageEvent[] = [];
    const scopes = new Reasons();
    const ignored = new Map<string, number>();
    const rejected = new Map<string, number>();
    const refused: RefusedItem[] = [];
    for (const span of spans) {
      const normalised = normalise(span, producer, receivedAtMicros, tenantAttributes);
      if (normalised.kind === "event") {
        events.push({ ...normalised.event, costNanoUsd: price(normalised.event) });
        scopes.add(span.scope.name || "none");
      } else {
        const reasons = normalised.kind === "rejected" ? rejected : ignored;
        reasons.set(normalised.reason, (reasons.get(normalised.reason) ?? 0) + 1);
        const item =
          normalised.kind === "rejected"
            ? refusedSpan(span, normalised, producer, tenantAttributes)
            : ignoredSpan(span, normalised.reason);
        if (item !== null) refused.push(item);
      }
    }

    let outcome: RecordOutcome = { kind: "committed" };
    if (events.length > 0) outcome = await recorder.record(events, producer, sentAtMicros);
    // Only then, so that what comes again after a 503 is not counted as another attempt.
    if (refused.length > 0 && outcome.kind === "committed") outcome = await refuse(refused, producer);
    if (outcome.kind === "unavailable") {
      counters.add("requests_unavailable");
      const { retryAfterSeconds } = outcome;
      return { kind: "error", status: 503, message: "the database is not available", retryAfterSeconds };
    }
    // Counted once the request is done with: what is answered 503 comes again. These count deliveries: a redelivered span
    // is received and accepted again; what was recorded is in the recorder's counters.
    counters.add("spans_received", spans.length);
    counters.add("spans_accepted", events.length);
    scopes.countAs(counters, "spans_accepted_by_scope");
    for (const [reason, count] of ignored) counters.add(`spans_ignored.${reason}`, count);
    for (const [reason, count] of rejected) counters.add(`spans_rejected.${reason}`, count);
    return accepted(rejected);
  };
}

function accepted(rejected: ReadonlyMap<string, number>): Answer {
  if (rejected.size === 0) return { kind: "accepted", rejected: 0, message: "" };
  const counts = [...rejected.values()].reduce((sum, count) => sum + count, 0);
  const reasons = [...rejected].map(([reason, count]) => `${reason} (${count})`).join(", ");
  const hint = rejected.has("invalid_trace_id") ? "; are these logs or metrics, which have their own URLs?" : "";
  return { kind: "accepted", rejected: counts, message: `rejected spans: ${reasons}${hint}` };
}
