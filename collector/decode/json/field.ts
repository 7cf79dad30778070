import { TEXT_BYTES_MAX } from "../attributes.ts";
import { DecodeError } from "../decode-error.ts";

export type JsonObject = { readonly [name: string]: unknown };

const EMPTY: JsonObject = Object.freeze({});
/** Bare integers that may not fit a double: 16 digits or more after a separator, so not inside quotes. */
const LONG_NUMBER = /[:,[\s]-?\d{16,}/;
const ID_DIGITS_MAX = 64;
const INTEGER = /^-?\d{1,20}$/;

/** The reviver's third argument (JSON.parse source text access, V8 11.4), which TypeScript does not declare yet. */
type SourceReviver = (name: string, value: unknown, context: { readonly source?: string }) => unknown;

/** Parses a body. Integers too long for a double are kept as their digits, as senders that quote them do. */
export function parse(bytes: Uint8Array): unknown {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("utf8");
  const keepDigits: SourceReviver = (_name, value, { source }) =>
    typeof value === "number" && !Number.isSafeInteger(value) && source !== undefined && INTEGER.test(source)
      ? source
      : value;
  try {
    return LONG_NUMBER.test(text)
      ? JSON.parse(text, keepDigits as (name: string, value: unknown) => unknown)
      : JSON.parse(text);
  } catch (error) {
    // Only the reviver recurses, in the engine, which gives up cleanly.
    if (error instanceof RangeError) throw new DecodeError("the body is nested too deeply");
    throw new DecodeError(`the body is not JSON: ${error instanceof Error ? error.message : String(error)}`);
  }
}

export function object(value: unknown, what: string): JsonObject {
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw new DecodeError(`${what} must be an object`);
  }
  return value as JsonObject;
}

export function has(holder: JsonObject, name: string): boolean {
  return holder[name] !== undefined && holder[name] !== null;
}

/** A field that holds an object; absent = empty. */
export function child(holder: JsonObject, name: string): JsonObject {
  return has(holder, name) ? object(holder[name], name) : EMPTY;
}

/** A field that holds a list of objects; absent = none. */
export function objects(holder: JsonObject, name: string): JsonObject[] {
  if (!has(holder, name)) return [];
  const list = holder[name];
  if (!Array.isArray(list)) throw new DecodeError(`${name} must be an array`);
  for (const item of list as unknown[]) object(item, `each of ${name}`);
  return list as JsonObject[];
}

/** A text, however long; absent = "". */
export function anyText(holder: JsonObject, name: string): string {
  if (!has(holder, name)) return "";
  const value = holder[name];
  if (typeof value !== "string") throw new DecodeError(`${name} must be a string`);
  return value;
}

/** A text; one beyond our limit reads as if it had not been sent. */
export function text(holder: JsonObject, name: string): string {
  const value = anyText(holder, name);
  return isTooLong(value) ? "" : value;
}

export function isTooLong(value: string): boolean {
  // No character takes more than three bytes per UTF-16 unit, so most texts need no measuring.
  return value.length * 3 > TEXT_BYTES_MAX && Buffer.byteLength(value) > TEXT_BYTES_MAX;
}

/** An id in hex of either case, as lower case; of one that is far too long enough is kept to see that it is none. */
export function id(holder: JsonObject, name: string): string {
  return anyText(holder, name).slice(0, ID_DIGITS_MAX).toLowerCase();
}

export function boolean(holder: JsonObject, name: string): boolean {
  const value = holder[name];
  if (typeof value !== "boolean") throw new DecodeError(`${name} must be true or false`);
  return value;
}

export function uint32(holder: JsonObject, name: string): number {
  if (!has(holder, name)) return 0;
  const value = holder[name];
  if (typeof value !== "number" || !Number.isInteger(value) || value < 0 || value > 0xffff_ffff) {
    throw new DecodeError(`${name} must be an unsigned 32-bit integer`);
  }
  return value;
}

/** A signed 64-bit integer, quoted or bare; exact up to 2^53. */
export function int64(holder: JsonObject, name: string): number {
  const value = holder[name];
  if (typeof value === "number" && Number.isInteger(value)) return value;
  if (typeof value === "string" && INTEGER.test(value)) return Number(value);
  throw new DecodeError(`${name} must be a 64-bit integer`);
}

/** A double: a number, or what proto3 JSON quotes (`"NaN"`, `"Infinity"`, a number in quotes). */
export function double(holder: JsonObject, name: string): number {
  const value = holder[name];
  if (typeof value === "number") return value;
  if (typeof value === "string" && (value === "NaN" || (value.trim() !== "" && !Number.isNaN(Number(value))))) {
    return Number(value);
  }
  throw new DecodeError(`${name} must be a number`);
}

/** An unsigned 64-bit count of nanoseconds as whole microseconds, rounded down; absent = 0. */
export function nanosAsMicros(holder: JsonObject, name: string): number {
  if (!has(holder, name)) return 0;
  const value = holder[name];
  if (typeof value === "number" && Number.isInteger(value) && value >= 0) return Math.floor(value / 1000);
  // The last three digits are cut off as text: the whole number would not fit a double.
  if (typeof value === "string" && /^\d{1,20}$/.test(value)) return Number(value.slice(0, -3));
  throw new DecodeError(`${name} must be an unsigned 64-bit integer`);
}
