import { createHash } from "node:crypto";

/** OTLP/JSON of chat spans for the tenant `acme`, the n-th with n input tokens. `change` alters one span's fields. */
export function chatRequest(count: number, change: (index: number) => object = () => ({})): string {
  const spans = Array.from({ length: count }, (_, index) => ({
    traceId: createHash("md5").update(`trace ${index}`).digest("hex"),
    spanId: createHash("md5").update(`span ${index}`).digest("hex").slice(0, 16),
    kind: 3,
    name: "chat gpt-4o",
    startTimeUnixNano: "1790000000000000000",
    endTimeUnixNano: "1790000000250000000",
    attributes: [
      { key: "gen_ai.operation.name", value: { stringValue: "chat" } },
      { key: "gen_ai.provider.name", value: { stringValue: "openai" } },
      { key: "gen_ai.request.model", value: { stringValue: "gpt-4o" } },
      { key: "gen_ai.usage.input_tokens", value: { intValue: String(index) } },
      { key: "gen_ai.usage.output_tokens", value: { intValue: 0 } },
      { key: "quotel.tenant.id", value: { stringValue: "acme" } },
    ],
    ...change(index),
  }));
  return JSON.stringify({ resourceSpans: [{ scopeSpans: [{ spans }] }] });
}

/** The fields of a protobuf message of strings, varints and messages, as `{ field: value }`. */
export function protobufFields(bytes: Uint8Array): Record<number, number | Buffer> {
  const fields: Record<number, number | Buffer> = {};
  let at = 0;
  const varint = (): number => {
    let value = 0;
    for (let shift = 0; ; shift += 7) {
      const byte = bytes[at++]!;
      value += (byte & 0x7f) * 2 ** shift;
      if (byte < 0x80) return value;
    }
  };
  while (at < bytes.length) {
    const tag = varint();
    if (tag % 8 === 0) fields[tag >> 3] = varint();
    else {
      const length = varint();
      fields[tag >> 3] = Buffer.from(bytes.subarray(at, at + length));
      at += length;
    }
  }
  return fields;
}
