import type { DecodedSpan } from "../../decode/decoded-span.ts";
import { attributesOf, storedAttributes } from "./stored-attributes.ts";
import type { StoredAttributes } from "./stored-attributes.ts";

/** A decoded span as quarantine keeps it: the same fields. */
export interface SpanContent extends Omit<DecodedSpan, "attributes" | "resource"> {
  readonly attributes: StoredAttributes;
  readonly resource: StoredAttributes;
}

export function contentOfSpan(span: DecodedSpan): SpanContent {
  return { ...span, attributes: storedAttributes(span.attributes), resource: storedAttributes(span.resource) };
}

/** The span that was kept; what the decoder left out of it is not in it either. */
export function spanOf(content: SpanContent): DecodedSpan {
  return { ...content, attributes: attributesOf(content.attributes), resource: attributesOf(content.resource) };
}
