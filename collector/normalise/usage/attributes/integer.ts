import type { AttributeValue } from "../../../decode/attributes.ts";

/**
 * An amount as it may be sent: an integer, a double without a fraction (JavaScript senders cannot tell them apart) or
 * decimal digits. Absent = null, which is not zero (I6); fractional, outside `min` to `max` or no number = `"invalid"`.
 */
export function integer(value: AttributeValue | undefined, max: number, min = 0): number | null | "invalid" {
  if (value === undefined) return null;
  const number = typeof value === "string" && /^-?\d{1,16}$/.test(value) ? Number(value) : value;
  if (typeof number !== "number" || !Number.isInteger(number) || number < min || number > max) return "invalid";
  return number + 0; // -0 becomes 0
}
