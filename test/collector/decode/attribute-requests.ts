import { delimited, double, integer, message } from "./protobuf-wire.ts";

/** A name and a value of any kind; repeats and orders are the caller's. */
export type Attribute = [name: string, value: unknown];

/** A request of one log record with these attributes, as they stand. */
export const logRequest = {
  protobuf(list: readonly Attribute[]): Buffer {
    const fields = list.map(([name, value]) => delimited(6, entry(name, value)));
    return delimited(1, delimited(2, delimited(2, message(...fields))));
  },
  json(list: readonly Attribute[]): Buffer {
    const attributes = list.map(([key, value]) => ({ key, value: jsonAnyValue(value) }));
    return Buffer.from(JSON.stringify({ resourceLogs: [{ scopeLogs: [{ logRecords: [{ attributes }] }] }] }));
  },
};

/** An `AnyValue` in protobuf. */
export function anyValue(value: unknown): Buffer {
  if (typeof value === "string") return delimited(1, value);
  if (typeof value === "boolean") return integer(2, value ? 1n : 0n);
  if (typeof value === "number") return Number.isSafeInteger(value) ? integer(3, BigInt(value)) : double(4, value);
  if (value instanceof Uint8Array) return delimited(7, value);
  if (Array.isArray(value)) return delimited(5, message(...value.map((item) => delimited(1, anyValue(item)))));
  if (typeof value !== "object" || value === null) return message();
  return delimited(6, message(...Object.entries(value).map(([name, item]) => delimited(1, entry(name, item)))));
}

/** An `AnyValue` in JSON. */
export function jsonAnyValue(value: unknown): object {
  if (typeof value === "string") return { stringValue: value };
  if (typeof value === "boolean") return { boolValue: value };
  if (typeof value === "number") {
    return Number.isSafeInteger(value) ? { intValue: String(value) } : { doubleValue: String(value) };
  }
  if (value instanceof Uint8Array) return { bytesValue: Buffer.from(value).toString("base64url") };
  if (Array.isArray(value)) return { arrayValue: { values: value.map(jsonAnyValue) } };
  if (typeof value !== "object" || value === null) return {};
  const values = Object.entries(value).map(([key, item]) => ({ key, value: jsonAnyValue(item) }));
  return { kvlistValue: { values } };
}

function entry(name: string, value: unknown): Buffer {
  return message(delimited(1, name), delimited(2, anyValue(value)));
}
