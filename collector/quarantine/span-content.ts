import { Attributes, type AttributeValue } from "../decode/attributes.ts";
import type { DecodedSpan } from "../decode/decoded-span.ts";

/** JSON has no word for NaN and the infinities: those go as `{"number": "NaN"}`. */
type StoredValue = AttributeValue | { readonly number: string };

/** A decoded span as quarantine keeps it: the same fields, attributes as pairs in the order sent. */
export interface SpanContent extends Omit<DecodedSpan, "attributes" | "resource"> {
  readonly attributes: readonly (readonly [string, StoredValue])[];
  readonly resource: readonly (readonly [string, StoredValue])[];
}

export function contentOf(span: DecodedSpan): SpanContent {
  return { ...span, attributes: storedPairs(span.attributes), resource: storedPairs(span.resource) };
}

/** The span that was kept; what the decoder left out of it is not in it either. */
export function spanOf(content: SpanContent): DecodedSpan {
  return { ...content, attributes: attributesOf(content.attributes), resource: attributesOf(content.resource) };
}

function storedPairs(attributes: Attributes): SpanContent["attributes"] {
  return attributes
    .entries()
    .map(([key, value]) => [
      key,
      typeof value === "number" && !Number.isFinite(value) ? { number: String(value) } : value,
    ]);
}

function attributesOf(pairs: SpanContent["attributes"]): Attributes {
  const attributes = new Attributes();
  for (const [key, value] of pairs) attributes.add(key, typeof value === "object" ? Number(value.number) : value);
  return attributes;
}
