import { describe, expect, test } from "vitest";
import { DecodeError } from "../../../collector/decode/decode-error.ts";
import { JsonLogsDecoder } from "../../../collector/decode/json/logs.ts";
import { JsonMetricsDecoder } from "../../../collector/decode/json/metrics.ts";
import { JsonTraceDecoder } from "../../../collector/decode/json/traces.ts";
import { KeyTable } from "../../../collector/decode/key-table.ts";
import { ProtobufLogsDecoder } from "../../../collector/decode/protobuf/logs.ts";
import { ProtobufMetricsDecoder } from "../../../collector/decode/protobuf/metrics.ts";
import { ProtobufTraceDecoder } from "../../../collector/decode/protobuf/traces.ts";
import { anyValue, jsonAnyValue, logRequest, type Attribute } from "./attribute-requests.ts";
import { delimited, message } from "./protobuf-wire.ts";

const keys = new KeyTable(["known", "last"], { prefixes: ["meta."], structured: ["known", "meta."] });
const ENCODINGS = [
  {
    encoding: "protobuf",
    decode: (list: Attribute[]) => new ProtobufLogsDecoder(keys).decode(logRequest.protobuf(list)),
  },
  { encoding: "JSON", decode: (list: Attribute[]) => new JsonLogsDecoder(keys).decode(logRequest.json(list)) },
];

describe.each(ENCODINGS)("attributes in $encoding", ({ encoding, decode }) => {
  const read = (list: Attribute[]) => decode(list)[0]!.attributes;

  test(`a text of 64 KiB is kept from ${encoding}, a longer one is noted as omitted`, () => {
    const attributes = read([
      ["known", "é".repeat(32_768)],
      ["last", `${"é".repeat(32_768)}x`],
    ]);
    expect(String(attributes.get("known"))).toHaveLength(32_768);
    expect([attributes.get("last"), attributes.omitted()]).toEqual([undefined, ["last"]]);
  });

  test(`what is known is read from ${encoding} wherever it stands among however many attributes`, () => {
    const many = Array.from({ length: 30_000 }, (_, index): Attribute => [`unknown.${index}`, index]);
    const repeated = Array.from({ length: 30_000 }, (): Attribute => ["known", 1]);
    const attributes = read([...many, ...repeated, ["last", 7]]);
    expect([attributes.get("known"), attributes.get("last"), attributes.omitted()]).toEqual([1, 7, []]);
    expect(attributes.entries().length).toBeLessThan(100);
  });

  test(`a prefix keeps any name under it from ${encoding}, up to 128 of them`, () => {
    const list = Array.from({ length: 200 }, (_, index): Attribute => [`meta.${index}`, index]);
    const attributes = read([["meta", 1], ["met.x", 1], ...list, ["last", 7]]);
    expect(attributes.entries()).toEqual([...list.slice(0, 128), ["last", 7]]);
    expect(attributes.omitted()).toEqual(list.slice(128).map(([name]) => name));
  });

  test(`a name too long for a prefix is omitted from ${encoding}`, () => {
    const longest = `meta.${"é".repeat(125)}x`;
    const attributes = read([
      [longest, 1],
      [`${longest}x`, 2],
    ]);
    expect(attributes.entries()).toEqual([[longest, 1]]);
    expect(attributes.omitted()).toHaveLength(1);
  });

  test(`32 levels of nesting are kept from ${encoding}, 33 are omitted`, () => {
    expect(read([["known", nested(32)]]).get("known")).toBe(`${"[".repeat(32)}1${"]".repeat(32)}`);
    expect(read([["known", nested(33)]]).omitted()).toEqual(["known"]);
    expect(read([["last", nested(33)]]).omitted()).toEqual([]);
  });

  test(`a tree of very many or very long values is omitted from ${encoding}`, () => {
    expect(read([["known", Array.from({ length: 9_000 }, () => [])]]).get("known")).toHaveLength(27_001);
    expect(read([["known", Array(17_000).fill(1)]]).omitted()).toEqual(["known"]);
    expect(read([["known", ["x".repeat(70_000)]]]).omitted()).toEqual(["known"]);
    expect(read([["known", ["x".repeat(300_000)]]]).omitted()).toEqual(["known"]);
  });

  test(`one value in different orders is one text from ${encoding}`, () => {
    const text = `{"10":"NaN","9":[true,null],"__proto__":"AP8=","a":{"b":1,"c":2.5}}`;
    const one = { a: { c: 2.5, b: 1 }, 9: [true, null], 10: Number.NaN, ["__proto__"]: Uint8Array.of(0, 255) };
    expect(read([["known", one]]).get("known")).toBe(text);
  });
});

test("more items than a request may hold are refused as too large, whatever their kind and size", () => {
  const items = (field: number): Buffer => Buffer.alloc(200_004, delimited(field, Buffer.alloc(0)));
  const request = (content: Buffer): Buffer => delimited(1, delimited(2, content));
  const points = request(delimited(2, message(delimited(5, items(1)))));
  const json = (resources: string, scopes: string, content: string): Buffer =>
    Buffer.from(`{"${resources}":[{"${scopes}":[${content}]}]}`);
  const list = (name: string): string => `{"${name}":[${Array(100_001).fill("{}").join()}]}`;
  const gauge = `{"metrics":[{"gauge":${list("dataPoints")}}]}`;
  for (const [decoder, bytes] of [
    [new ProtobufTraceDecoder(keys), request(items(2))],
    [new ProtobufLogsDecoder(keys), request(items(2))],
    [new ProtobufMetricsDecoder(keys), points],
    [new JsonTraceDecoder(keys), json("resourceSpans", "scopeSpans", list("spans"))],
    [new JsonLogsDecoder(keys), json("resourceLogs", "scopeLogs", list("logRecords"))],
    [new JsonMetricsDecoder(keys), json("resourceMetrics", "scopeMetrics", gauge)],
  ] as const) {
    expect(errorOf(() => decoder.decode(bytes))).toMatchObject({ name: "DecodeError", status: 413 });
  }
});

test("JSON nested a million deep is either read or a DecodeError, also with numbers that need their digits", () => {
  const deep = (inner: string): Buffer =>
    Buffer.from(`{"x":${"[".repeat(1_000_000)}${inner}${"]".repeat(1_000_000)},"resourceSpans":[]}`);
  const decoder = new JsonTraceDecoder(keys);
  expect(decoder.decode(deep("1"))).toEqual([]);
  expect(errorOf(() => decoder.decode(deep("12345678901234567890")))).toBeInstanceOf(DecodeError);
});

test("metric points without a value, or flagged so, have none", () => {
  const points = `[{"asInt":"5","flags":1},{},{"asInt":"5"},{"asDouble":"NaN"},{"asDouble":"-Infinity"}]`;
  const request = `{"resourceMetrics":[{"scopeMetrics":[{"metrics":[{"gauge":{"dataPoints":${points}}}]}]}]}`;
  const { points: read } = new JsonMetricsDecoder(keys).decode(Buffer.from(request));
  expect(read.map(({ value }) => value)).toEqual([null, null, 5, Number.NaN, -Infinity]);
});

test("both encodings agree on values of every kind in a log's body", () => {
  for (const value of ["text", 5, 2.5, true, [1], null, "x".repeat(70_000)]) {
    const protobuf = delimited(1, delimited(2, delimited(2, delimited(5, anyValue(value)))));
    const log = { body: jsonAnyValue(value) };
    const json = Buffer.from(JSON.stringify({ resourceLogs: [{ scopeLogs: [{ logRecords: [log] }] }] }));
    const [ofProtobuf] = new ProtobufLogsDecoder(keys).decode(protobuf);
    const [ofJson] = new JsonLogsDecoder(keys).decode(json);
    expect(ofProtobuf?.body).toEqual(ofJson?.body);
    expect(ofJson?.body).toBe(typeof value === "object" || String(value).length > 65_536 ? null : value);
  }
});

function nested(levels: number): unknown {
  return levels === 0 ? 1 : [nested(levels - 1)];
}

function errorOf(work: () => unknown): unknown {
  try {
    return work();
  } catch (error) {
    return error;
  }
}
