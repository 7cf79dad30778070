import type { UsageEvent } from "#database/record/usage-event";
import type { Counters } from "../counters.ts";
import { DecodeError } from "../decode/decode-error.ts";
import type { DecodedSpan } from "../decode/decoded-span.ts";
import { JsonTraceDecoder } from "../decode/json-traces.ts";
import { KeyTable } from "../decode/key-table.ts";
import { ProtobufTraceDecoder } from "../decode/protobuf-traces.ts";
import { READ_ATTRIBUTES } from "../normalise/usage/attribute-names.ts";
import { normalise } from "../normalise/usage/normalise.ts";
import { createPrice } from "../price/price.ts";
import type { Answer } from "../receive/answer.ts";
import type { Encoding } from "../receive/encoding.ts";
import type { Producer, Recorder } from "../record/recorder.ts";

export interface IngestParts {
  readonly recorder: Pick<Recorder, "record">;
  readonly counters: Counters;
  /** Unix milliseconds. */
  readonly now: () => number;
}

/** A request's way after its bytes are in: decode, normalise, price, record, and only then the answer (I2). */
export type Ingest = (bytes: Uint8Array, encoding: Encoding, producer: Producer) => Promise<Answer>;

/** Builds the pipeline. What it returns rejects only when the recorder does. */
export function createIngest({ recorder, counters, now }: IngestParts): Ingest {
  const keys = new KeyTable(READ_ATTRIBUTES);
  const decoders = { protobuf: new ProtobufTraceDecoder(keys), json: new JsonTraceDecoder(keys) };
  const price = createPrice();

  return async (bytes, encoding, producer) => {
    let spans: DecodedSpan[];
    try {
      spans = decoders[encoding].decode(bytes);
    } catch (error) {
      if (!(error instanceof DecodeError)) throw error;
      counters.add("requests_undecodable");
      return { kind: "error", status: 400, message: `not an OTLP trace request: ${error.message}` };
    }

    const receivedAtMicros = now() * 1000;
    const events: UsageEvent[] = [];
    const ignored = new Map<string, number>();
    const rejected = new Map<string, number>();
    for (const span of spans) {
      const normalised = normalise(span, producer, receivedAtMicros);
      if (normalised.kind === "event") {
        events.push({ ...normalised.event, costNanoUsd: price(normalised.event) });
      } else {
        const reasons = normalised.kind === "rejected" ? rejected : ignored;
        reasons.set(normalised.reason, (reasons.get(normalised.reason) ?? 0) + 1);
      }
    }

    if (events.length > 0) {
      const outcome = await recorder.record(events, producer);
      if (outcome.kind === "unavailable") {
        counters.add("requests_unavailable");
        const { retryAfterSeconds } = outcome;
        return { kind: "error", status: 503, message: "the database is not available", retryAfterSeconds };
      }
    }
    // Counted once the request is done with: what is answered 503 comes again.
    counters.add("spans_received", spans.length);
    counters.add("spans_accepted", events.length);
    for (const [reason, count] of ignored) counters.add(`spans_ignored.${reason}`, count);
    for (const [reason, count] of rejected) counters.add(`spans_rejected.${reason}`, count);
    return accepted(rejected);
  };
}

function accepted(rejected: ReadonlyMap<string, number>): Answer {
  if (rejected.size === 0) return { kind: "accepted", rejectedSpans: 0, message: "" };
  const counts = [...rejected.values()].reduce((sum, count) => sum + count, 0);
  const reasons = [...rejected].map(([reason, count]) => `${reason} (${count})`).join(", ");
  const hint = rejected.has("invalid_trace_id") ? "; are these logs or metrics, which have their own URLs?" : "";
  return { kind: "accepted", rejectedSpans: counts, message: `rejected spans: ${reasons}${hint}` };
}
