import type { DecodedPoint } from "../../decode/decoded-point.ts";
import { attributesOf, numberOf, storedAttributes, storedNumber } from "./stored-attributes.ts";
import type { StoredAttributes, StoredNumber } from "./stored-attributes.ts";

/** A decoded data point as quarantine keeps it: the same fields, and which of its attributes are not all there. */
export interface DataPointContent extends Omit<DecodedPoint, "attributes" | "resource" | "value"> {
  readonly value: StoredNumber | null;
  readonly attributes: StoredAttributes;
  readonly omitted: readonly string[];
  readonly resource: StoredAttributes;
}

export function contentOfDataPoint(point: DecodedPoint): DataPointContent {
  return {
    ...point,
    value: point.value === null ? null : storedNumber(point.value),
    attributes: storedAttributes(point.attributes),
    omitted: point.attributes.omitted(),
    resource: storedAttributes(point.resource),
  };
}

export function dataPointOf({ omitted, ...content }: DataPointContent): DecodedPoint {
  return {
    ...content,
    value: content.value === null ? null : numberOf(content.value),
    attributes: attributesOf(content.attributes, omitted),
    resource: attributesOf(content.resource),
  };
}
