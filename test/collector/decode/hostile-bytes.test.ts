import { JsonTraceSerializer, ProtobufTraceSerializer } from "@opentelemetry/otlp-transformer";
import fc from "fast-check";
import { expect, test } from "vitest";
import { DecodeError } from "../../../collector/decode/decode-error.ts";
import { JsonTraceDecoder } from "../../../collector/decode/json/traces.ts";
import { KeyTable } from "../../../collector/decode/key-table.ts";
import { ProtobufTraceDecoder } from "../../../collector/decode/protobuf/traces.ts";
import { KEPT_NAMES, readableSpans } from "./random-spans.ts";

const ENCODINGS = [
  {
    serializer: ProtobufTraceSerializer,
    decoder: new ProtobufTraceDecoder(new KeyTable(KEPT_NAMES)),
    name: "protobuf",
  },
  { serializer: JsonTraceSerializer, decoder: new JsonTraceDecoder(new KeyTable(KEPT_NAMES)), name: "JSON" },
];

test.each(ENCODINGS)("cut or altered $name never throws anything but a DecodeError", ({ serializer, decoder }) => {
  const change = fc.record({ at: fc.nat(), byte: fc.nat(255), cut: fc.option(fc.nat(), { nil: null }) });
  fc.assert(
    fc.property(readableSpans, fc.array(change, { minLength: 1, maxLength: 8 }), (spans, changes) => {
      let bytes = Uint8Array.from(serializer.serializeRequest(spans) ?? []);
      for (const { at, byte, cut } of changes) {
        if (bytes.length === 0) break;
        bytes[at % bytes.length] = byte;
        if (cut !== null) bytes = bytes.slice(0, cut % (bytes.length + 1));
      }
      expect(errorOf(() => decoder.decode(bytes))).toSatisfy(isDecodeErrorOrNone);
    }),
    { numRuns: 1500 },
  );
});

test.each(ENCODINGS)("random bytes as $name never throw anything but a DecodeError", ({ decoder }) => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
      expect(errorOf(() => decoder.decode(bytes))).toSatisfy(isDecodeErrorOrNone);
    }),
    { numRuns: 1500 },
  );
});

test("protobuf cut inside its only span is a DecodeError at every length", () => {
  const [spans] = fc.sample(
    readableSpans.filter((list) => list.length > 0),
    { numRuns: 1, seed: 7 },
  );
  const bytes = ProtobufTraceSerializer.serializeRequest(spans!.slice(0, 1))!;
  for (let length = 1; length < bytes.length; length++) {
    expect(() => ENCODINGS[0]!.decoder.decode(bytes.subarray(0, length))).toThrow(DecodeError);
  }
});

function errorOf(work: () => unknown): unknown {
  try {
    work();
    return undefined;
  } catch (error) {
    return error;
  }
}

function isDecodeErrorOrNone(error: unknown): boolean {
  return error === undefined || error instanceof DecodeError;
}
