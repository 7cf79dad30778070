import type { UsageEvent } from "#database/record/usage-event";
import { DecodeError } from "../../decode/decode-error.ts";
import { JsonTraceDecoder } from "../../decode/json/traces.ts";
import type { TenantAttributes } from "../../normalise/tenant/tenant-attributes.ts";
import { spanKeys } from "../../normalise/usage/attribute-names.ts";
import { normalise } from "../../normalise/usage/normalise.ts";
import type { ProducerConfig } from "../../normalise/usage/producer.ts";
import type { Price } from "../../price/price.ts";
import { Reasons } from "../../reasons.ts";

/** What one line of the file comes to. */
export type LineOutcome =
  | { readonly kind: "events"; readonly events: readonly UsageEvent[]; readonly rejected: Reasons }
  | { readonly kind: "undecodable"; readonly message: string };

/** Reads lines of OTLP JSON, each an `ExportTraceServiceRequest`, the way the collector reads requests. */
export function createLineReader(
  producer: ProducerConfig,
  price: Price,
  tenantAttributes: TenantAttributes,
): (line: string, nowMicros: number) => LineOutcome {
  const decoder = new JsonTraceDecoder(spanKeys(tenantAttributes));
  return (line, nowMicros) => {
    const rejected = new Reasons();
    try {
      const events = decoder.decode(Buffer.from(line)).flatMap((span): UsageEvent[] => {
        const normalised = normalise(span, producer, nowMicros, tenantAttributes);
        if (normalised.kind === "event") return [{ ...normalised.event, costNanoUsd: price(normalised.event) }];
        if (normalised.kind === "rejected") rejected.add(normalised.reason);
        return [];
      });
      return { kind: "events", events, rejected };
    } catch (error) {
      if (!(error instanceof DecodeError)) throw error;
      return { kind: "undecodable", message: error.message };
    }
  };
}
