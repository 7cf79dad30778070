import { Attributes, type AttributeValue } from "../../decode/attributes.ts";

/** A number in JSON, which has no word for NaN and the infinities: those are `{"number": "NaN"}`. */
export type StoredNumber = number | { readonly number: string };
export type StoredValue = string | boolean | StoredNumber;

/** Pairs in the order sent. */
export type StoredAttributes = readonly (readonly [string, StoredValue])[];

export function storedNumber(value: number): StoredNumber {
  return Number.isFinite(value) ? value : { number: String(value) };
}

export function numberOf(stored: StoredNumber): number {
  return typeof stored === "object" ? Number(stored.number) : stored;
}

export function storedValue(value: AttributeValue): StoredValue {
  return typeof value === "number" ? storedNumber(value) : value;
}

export function valueOf(stored: StoredValue): AttributeValue {
  return typeof stored === "object" ? numberOf(stored) : stored;
}

export function storedAttributes(attributes: Attributes): StoredAttributes {
  return attributes.entries().map(([key, value]) => [key, storedValue(value)]);
}

/** @param omitted names that were sent with a value beyond our limits; see `Attributes.omit` */
export function attributesOf(pairs: StoredAttributes, omitted: readonly string[] = []): Attributes {
  const attributes = new Attributes();
  for (const [key, value] of pairs) attributes.add(key, valueOf(value));
  for (const key of omitted) attributes.omit(key);
  return attributes;
}
