import { expect, test } from "vitest";
import { KeyTable } from "../../../collector/decode/key-table.ts";
import { ProtobufTraceDecoder } from "../../../collector/decode/protobuf/traces.ts";
import { delimited, fixed32, fixed64, group, integer, message } from "./protobuf-wire.ts";

const decoder = new ProtobufTraceDecoder(new KeyTable(["n", "t"]));
const decode = (...span: Uint8Array[]) => decoder.decode(request(message(...span)));

test("fields in reverse order decode as in order", () => {
  const resource = delimited(1, delimited(1, attribute("t", delimited(1, "acme"))));
  const scope = delimited(1, delimited(1, "lib"));
  const span = message(fixed64(8, 2_000n), fixed64(7, 1_000n), delimited(2, Buffer.alloc(8, 1)));
  const bytes = delimited(1, message(delimited(2, message(delimited(2, span), scope)), resource));
  const [decoded] = decoder.decode(bytes);
  expect(decoded).toMatchObject({ startMicros: 1, endMicros: 2, spanId: "01".repeat(8), scope: { name: "lib" } });
  expect(decoded?.resource.get("t")).toBe("acme");
});

test("a value before its key belongs to that key", () => {
  const swapped = delimited(9, message(delimited(2, integer(3, 42n)), delimited(1, "n")));
  expect(decode(swapped)[0]?.attributes.get("n")).toBe(42);
});

test("the first of two attributes of one name wins", () => {
  const [span] = decode(delimited(9, attribute("n", integer(3, 1n))), delimited(9, attribute("n", integer(3, 2n))));
  expect(span?.attributes.get("n")).toBe(1);
});

test.each([
  0n,
  127n,
  128n,
  2n ** 28n,
  2n ** 31n,
  2n ** 32n,
  2n ** 35n - 1n,
  2n ** 53n - 1n,
  -1n,
  -(2n ** 53n) + 1n,
  -(2n ** 31n),
])("the protobuf integer %s is read exactly", (value) => {
  expect(decode(delimited(9, attribute("n", integer(3, value))))[0]?.attributes.get("n")).toBe(Number(value));
});

test.each([1_790_000_000_123_456_789n, 999n, 1_000n, 2n ** 32n - 1n, 2n ** 32n, 2n ** 62n])(
  "the instant %s ns is read in whole microseconds",
  (nanos) => {
    expect(decode(fixed64(8, nanos))[0]?.endMicros).toBe(Number(nanos / 1000n));
  },
);

test("unknown fields of every wire type are passed over", () => {
  const strange = message(
    integer(900, -1n),
    fixed64(901, 1n),
    delimited(902, "x"),
    fixed32(903, 1),
    group(904, integer(1, 1n), group(905, delimited(2, "y"))),
  );
  expect(decode(strange, delimited(5, "name"), strange)[0]).toMatchObject({ name: "name" });
});

test("a field of the wrong wire type counts as unknown", () => {
  // A log record on the traces URL: its field 1 is a time, where a span has its trace id.
  expect(decode(fixed64(1, 5n), integer(5, 3n))[0]).toMatchObject({ traceId: "", name: "" });
});

test("endless group nesting is refused", () => {
  const opened = Buffer.alloc(10_000, 0x0b);
  expect(() => decoder.decode(opened)).toThrow("groups are nested too deeply");
});

test("deeply nested attribute values cost nothing and are dropped", () => {
  let value: Buffer = delimited(1, "bottom");
  for (let depth = 0; depth < 3_000; depth++) value = delimited(5, delimited(1, value));
  expect(decode(delimited(9, attribute("t", value)))[0]?.attributes.entries()).toEqual([]);
});

test("a nested message longer than its holder is refused", () => {
  const bytes = request(delimited(9, attribute("t", delimited(1, "acme"))));
  bytes[1] = bytes[1]! - 1;
  expect(() => decoder.decode(bytes)).toThrow("longer than the message");
});

function attribute(key: string, value: Uint8Array): Buffer {
  return message(delimited(1, key), delimited(2, value));
}

function request(span: Uint8Array): Buffer {
  return delimited(1, delimited(2, delimited(2, span)));
}
