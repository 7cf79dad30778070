import { Attributes, type AttributeValue } from "../../../collector/decode/attributes.ts";
import type { DecodedPoint } from "../../../collector/decode/decoded-point.ts";

export const SAMPLED_AT_MICROS = 1_790_000_000_000_000;

type Values = Readonly<Record<string, AttributeValue>>;

/** A gauge of 7 members of `acme`, with other fields as given. */
export function pointOf(
  attributes: Values = {},
  fields: Partial<Omit<DecodedPoint, "attributes" | "resource">> & { resource?: Values } = {},
): DecodedPoint {
  return {
    metric: "quotel.level.members",
    unit: "{member}",
    kind: "gauge",
    temporality: 0,
    monotonic: false,
    startMicros: 0,
    timeMicros: SAMPLED_AT_MICROS,
    value: 7,
    scope: { name: "app", version: "" },
    ...fields,
    attributes: attributesOf({ "quotel.tenant.id": "acme", ...attributes }),
    resource: attributesOf(fields.resource ?? {}),
  };
}

function attributesOf(values: Values): Attributes {
  const attributes = new Attributes();
  for (const [key, value] of Object.entries(values)) attributes.add(key, value);
  return attributes;
}
