import { describe, expect, test } from "vitest";
import { DecodeError } from "../../../collector/decode/decode-error.ts";
import type { DecodedSpan } from "../../../collector/decode/decoded-span.ts";
import { JsonTraceDecoder } from "../../../collector/decode/json/traces.ts";
import { KeyTable } from "../../../collector/decode/key-table.ts";

const decoder = new JsonTraceDecoder(new KeyTable(["n", "t"]));

test("ids in upper-case hex become lower case", () => {
  expect(decodeSpan(`"traceId":"ABCDEF0123456789ABCDEF0123456789","spanId":"00FF00FF00FF00FF"`)).toMatchObject({
    traceId: "abcdef0123456789abcdef0123456789",
    spanId: "00ff00ff00ff00ff",
  });
});

test.each([`"1790000000123456789"`, `1790000000123456789`])("the time %s is exact to the microsecond", (time) => {
  expect(decodeSpan(`"endTimeUnixNano":${time}`)?.endMicros).toBe(1_790_000_000_123_456);
});

test.each([
  [`{"intValue":"9007199254740991"}`, 9_007_199_254_740_991],
  [`{"intValue":9007199254740991}`, 9_007_199_254_740_991],
  [`{"intValue":"-5"}`, -5],
  [`{"intValue":5.0}`, 5],
  [`{"doubleValue":5}`, 5],
  [`{"doubleValue":"2.5"}`, 2.5],
  [`{"doubleValue":"NaN"}`, Number.NaN],
  [`{"boolValue":false}`, false],
  [`{"stringValue":""}`, ""],
  [`{"stringValue":"1790000000123456789"}`, "1790000000123456789"],
  [`{"arrayValue":{"values":[{"stringValue":"x"}]}}`, undefined],
  [`{}`, undefined],
  [`null`, undefined],
])("the JSON attribute value %s is read as %s", (value, expected) => {
  expect(decodeSpan(`"attributes":[{"key":"n","value":${value}}]`)?.attributes.get("n")).toEqual(expected);
});

test("unknown JSON fields and null fields are ignored", () => {
  const span = decodeSpan(`"spanId":null,"status":null,"shoeSize":[[[1]]],"traceId":"aa","flags":null`);
  expect(span).toMatchObject({ traceId: "aa", spanId: "", statusCode: 0, flags: 0 });
});

test("a JSON request without spans is empty, not wrong", () => {
  expect(decode(`{}`)).toEqual([]);
  expect(decode(`{"resourceSpans":[{"scopeSpans":[{}]},{}]}`)).toEqual([]);
});

describe("JSON that is not a trace request is a DecodeError naming what is wrong", () => {
  test.each([
    [``, "not JSON"],
    [`{"resourceSpans":[`, "not JSON"],
    [`null`, "the request must be an object"],
    [`[]`, "the request must be an object"],
    [`{"resourceSpans":{}}`, "resourceSpans must be an array"],
    [`{"resourceSpans":[7]}`, "each of resourceSpans must be an object"],
    [`{"resourceLogs":[]}`, "/v1/logs"],
    [`{"resourceMetrics":[]}`, "/v1/metrics"],
    [spanJson(`"traceId":5`), "traceId must be a string"],
    [spanJson(`"kind":"SPAN_KIND_SERVER"`), "kind must be an unsigned 32-bit integer"],
    [spanJson(`"endTimeUnixNano":"soon"`), "endTimeUnixNano must be an unsigned 64-bit integer"],
    [spanJson(`"endTimeUnixNano":-1`), "endTimeUnixNano must be an unsigned 64-bit integer"],
    [spanJson(`"attributes":[{"key":"n","value":{"intValue":"1.5"}}]`), "intValue must be a 64-bit integer"],
    [spanJson(`"attributes":[{"key":"n","value":{"boolValue":1}}]`), "boolValue must be true or false"],
    ["[".repeat(100_000), "not JSON"],
  ])("%.60s", (text, message) => {
    expect(() => decode(text)).toThrow(DecodeError);
    expect(() => decode(text)).toThrow(message);
  });
});

function decode(text: string): DecodedSpan[] {
  return decoder.decode(Buffer.from(text));
}

function decodeSpan(fields: string): DecodedSpan | undefined {
  return decode(spanJson(fields))[0];
}

function spanJson(fields: string): string {
  return `{"resourceSpans":[{"scopeSpans":[{"spans":[{${fields}}]}]}]}`;
}
