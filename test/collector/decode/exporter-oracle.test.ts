import { JsonTraceSerializer, ProtobufTraceSerializer } from "@opentelemetry/otlp-transformer";
import fc from "fast-check";
import { expect, test } from "vitest";
import type { DecodedSpan } from "../../../collector/decode/decoded-span.ts";
import { JsonTraceDecoder } from "../../../collector/decode/json/traces.ts";
import { KeyTable } from "../../../collector/decode/key-table.ts";
import { ProtobufTraceDecoder } from "../../../collector/decode/protobuf/traces.ts";
import { expectedOf, inOrder, KEPT_NAMES, readableSpans, type ExpectedSpan } from "./random-spans.ts";

const protobuf = new ProtobufTraceDecoder(new KeyTable(KEPT_NAMES));
const json = new JsonTraceDecoder(new KeyTable(KEPT_NAMES));

test("what the OpenTelemetry SDK serialises as protobuf decodes to the same spans", () => {
  fc.assert(
    fc.property(readableSpans, (spans) => {
      const bytes = ProtobufTraceSerializer.serializeRequest(spans) ?? new Uint8Array();
      expect(inOrder(protobuf.decode(bytes).map(plain))).toEqual(inOrder(spans.map(expectedOf)));
    }),
    { numRuns: 300 },
  );
});

test("what the OpenTelemetry SDK serialises as JSON decodes to the same spans", () => {
  fc.assert(
    fc.property(readableSpans, (spans) => {
      const bytes = JsonTraceSerializer.serializeRequest(spans) ?? new Uint8Array();
      expect(inOrder(json.decode(bytes).map(plain))).toEqual(inOrder(spans.map(expectedOf)));
    }),
    { numRuns: 300 },
  );
});

test("a decoder that has seen other requests reads a request as a fresh one does", () => {
  fc.assert(
    fc.property(readableSpans, (spans) => {
      const bytes = ProtobufTraceSerializer.serializeRequest(spans) ?? new Uint8Array();
      const fresh = new ProtobufTraceDecoder(new KeyTable(KEPT_NAMES));
      expect(protobuf.decode(bytes).map(plain)).toEqual(fresh.decode(bytes).map(plain));
    }),
    { numRuns: 100 },
  );
});

function plain(span: DecodedSpan): ExpectedSpan {
  return { ...span, attributes: span.attributes.entries(), resource: span.resource.entries() };
}
