import { Attributes, type AttributeValue } from "../../../../collector/decode/attributes.ts";
import type { DecodedSpan } from "../../../../collector/decode/decoded-span.ts";
import { normalise } from "../../../../collector/normalise/usage/normalise.ts";
import type { UsageEvent } from "#database/record/usage-event";

export const ENDED_AT_MICROS = 1_790_000_000_000_000;
export const KIND = { internal: 1, server: 2, client: 3 } as const;

type Values = Readonly<Record<string, AttributeValue>>;

/** A sound span of 250 ms with the given attributes. */
export function spanOf(
  attributes: Values,
  fields: Partial<Omit<DecodedSpan, "attributes" | "resource">> & { resource?: Values } = {},
): DecodedSpan {
  return {
    traceId: "0123456789abcdef0123456789abcdef",
    spanId: "0123456789abcdef",
    parentSpanId: "",
    flags: 1,
    kind: KIND.client,
    name: "span",
    startMicros: ENDED_AT_MICROS - 250_000,
    endMicros: ENDED_AT_MICROS,
    statusCode: 0,
    scope: { name: "test", version: "" },
    ...fields,
    attributes: attributesOf(attributes),
    resource: attributesOf(fields.resource ?? {}),
  };
}

/** What the span comes to for a producer of any tenant, received as it ended. */
export function outcomeOf(span: DecodedSpan, tenants: readonly string[] | null = null): ReturnType<typeof normalise> {
  return normalise(span, { tenants }, ENDED_AT_MICROS);
}

/** The event of a span that has to be one. */
export function eventOf(attributes: Values, fields: Parameters<typeof spanOf>[1] = {}): UsageEvent {
  const outcome = outcomeOf(spanOf(attributes, fields));
  if (outcome.kind !== "event") throw new Error(`the span is ${outcome.kind}: ${outcome.reason}`);
  return outcome.event;
}

function attributesOf(values: Values): Attributes {
  const attributes = new Attributes();
  for (const [key, value] of Object.entries(values)) attributes.add(key, value);
  return attributes;
}
