import { gzipSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import type { Answer } from "../../../collector/receive/answer.ts";
import { SIGNALS } from "../../../collector/receive/signal.ts";
import { KEY, postTraces, startTestCollector, type RequestBody, type TestOptions } from "./collector-under-test.ts";
import { startReceivers } from "./receivers-under-test.ts";
import { chatRequest, protobufFields } from "./requests.ts";

const PROTOBUF = "application/x-protobuf";
const SMALL: TestOptions = { config: { bodyBytesMax: 10_000 } };
const noDatabase = (): Promise<never> => Promise.reject(new Error("connect ECONNREFUSED"));

interface ErrorCase {
  readonly name: string;
  readonly status: number;
  readonly code: number;
  readonly options?: TestOptions;
  readonly headers?: Record<string, string | null>;
  readonly body?: RequestBody;
}

const ERRORS: readonly ErrorCase[] = [
  { name: "no key", status: 401, code: 16, headers: { authorization: null } },
  { name: "a wrong key", status: 401, code: 16, headers: { authorization: "Bearer guess" } },
  { name: "a key of another scheme", status: 401, code: 16, headers: { authorization: `Basic ${KEY}` } },
  { name: "an unknown content encoding", status: 415, code: 3, headers: { "content-encoding": "deflate" } },
  { name: "a body that is not OTLP", status: 400, code: 3, body: "\u0007hello" },
  { name: "a body that is not gzip", status: 400, code: 3, headers: { "content-encoding": "gzip" } },
  {
    name: "gzip cut off",
    status: 400,
    code: 3,
    headers: { "content-encoding": "gzip" },
    body: gzipSync(chatRequest(3)).subarray(0, 80),
  },
  { name: "a body too large", status: 413, code: 8, options: SMALL, body: "x".repeat(10_001) },
  {
    name: "a gzip bomb",
    status: 413,
    code: 8,
    options: SMALL,
    headers: { "content-encoding": "gzip" },
    body: gzipSync(Buffer.alloc(9_000_000)),
  },
  { name: "keys out of reach", status: 503, code: 14, options: { authenticate: noDatabase } },
  { name: "no room in memory", status: 503, code: 14, options: { config: { inFlightBytesMax: 5 } }, body: "{ }   " },
];

describe.each([PROTOBUF, "application/json"])("errors in %s", (contentType) => {
  test.each(ERRORS)(`$status with a google.rpc.Status for $name`, async ({ status, code, options, headers, body }) => {
    const { url, recorder } = await startTestCollector(options);
    const response = await postTraces(url, body ?? "x".repeat(30), { "content-type": contentType, ...headers });
    expect(response.status).toBe(status);
    expect(response.headers.get("content-type")).toBe(contentType);
    expect(await statusOf(response)).toEqual({ code, message: expect.stringMatching(/\w{3}/) as string });
    expect(response.headers.get("retry-after") ?? "none").toMatch(status === 503 ? /^[123]$/ : /^none$/);
    expect(recorder.events).toEqual([]);
  });
});

test.each(["GET", "HEAD", "PUT", "PATCH", "DELETE", "OPTIONS"])(
  "405 for %s names the method that is allowed",
  async (method) => {
    const { http } = await startReceivers();
    for (const { path } of Object.values(SIGNALS)) {
      const response = await fetch(http.url + path, { method, headers: { authorization: `Bearer ${KEY}` } });
      expect([response.status, response.headers.get("allow")]).toEqual([405, "POST"]);
      expect(await response.text()).toContain(method === "HEAD" ? "" : `"code":12`);
    }
  },
);

test.each(["deflate", "br", "zstd", "gzip, gzip"])(
  "415 for the content encoding %s says that gzip is served",
  async (encoding) => {
    const { http } = await startReceivers();
    const headers = {
      authorization: `Bearer ${KEY}`,
      "content-type": "application/json",
      "content-encoding": encoding,
    };
    const response = await fetch(`${http.url}/v1/logs`, { method: "POST", headers, body: "{}" });
    expect(response.status).toBe(415);
    expect(await response.json()).toMatchObject({ code: 3, message: expect.stringContaining("gzip") as string });
  },
);

test.each([
  { signal: "traces", field: "rejectedSpans" },
  { signal: "metrics", field: "rejectedDataPoints" },
  { signal: "logs", field: "rejectedLogRecords" },
] as const)("$signal have their own pipeline, and say $field", async ({ signal, field }) => {
  const answer = (): Promise<Answer> => Promise.resolve({ kind: "accepted", rejected: 7, message: "why" });
  const { http, received } = await startReceivers({ answer });
  const post = (contentType: string): Promise<Response> =>
    fetch(http.url + SIGNALS[signal].path, {
      method: "POST",
      headers: { authorization: `Bearer ${KEY}`, "content-type": contentType },
      body: "body",
    });
  expect(await (await post("application/json")).json()).toEqual({
    partialSuccess: { [field]: "7", errorMessage: "why" },
  });
  const partial = protobufFields(protobufFields(await (await post(PROTOBUF)).bytes())[1] as Buffer);
  expect([partial[1], String(partial[2])]).toEqual([7, "why"]);
  expect(received.map(({ signal, encoding }) => [signal, encoding])).toEqual([
    [signal, "json"],
    [signal, "protobuf"],
  ]);
});

test.each(["text/plain", "application/grpc", null])("415 in JSON for the content type %s", async (contentType) => {
  const { url } = await startTestCollector();
  const response = await postTraces(url, Buffer.from("x"), { "content-type": contentType });
  expect(response.status).toBe(415);
  expect(await response.json()).toMatchObject({ code: 3 });
});

test.each(["/", "/v1/profiles", "/v1/traces/"])("404 for the path %s says where OTLP goes", async (path) => {
  const { url } = await startTestCollector();
  const response = await fetch(url + path, { method: "POST", body: "{}" });
  expect(response.status).toBe(404);
  expect(await response.json()).toMatchObject({ code: 5, message: expect.stringContaining("/v1/traces") as string });
});

test("logs sent as traces are refused with their own URL", async () => {
  const { url } = await startTestCollector();
  const response = await postTraces(url, JSON.stringify({ resourceLogs: [{}] }));
  expect(response.status).toBe(400);
  expect(await response.json()).toMatchObject({ message: expect.stringContaining("/v1/logs") as string });
});

test("a database away is 503 with a Retry-After that senders wait for", async () => {
  const { url, recorder, counters } = await startTestCollector();
  recorder.outcome = () => Promise.resolve({ kind: "unavailable", retryAfterSeconds: 30 });
  const refused = await postTraces(url, chatRequest(2));
  expect([refused.status, refused.headers.get("retry-after")]).toEqual([503, "3"]);
  recorder.outcome = () => Promise.reject(new Error("bug"));
  expect((await postTraces(url, chatRequest(2))).status).toBe(503);
  expect(counters.get("spans_received")).toBe(0);
});

test.each([PROTOBUF, "application/json"])("an empty request in %s is a success", async (contentType) => {
  const { url } = await startTestCollector();
  const response = await postTraces(url, contentType === PROTOBUF ? "" : "{}", { "content-type": contentType });
  expect([response.status, response.headers.get("content-type")]).toEqual([200, contentType]);
  expect(await response.text()).toBe(contentType === PROTOBUF ? "" : "{}");
});

test("a charset parameter and gzip change nothing", async () => {
  const { url, recorder } = await startTestCollector();
  const headers = { "content-type": "Application/JSON; charset=utf-8", "content-encoding": "GZIP" };
  const response = await postTraces(url, gzipSync(chatRequest(5)), headers);
  expect([response.status, await response.json()]).toEqual([200, {}]);
  expect(recorder.events).toHaveLength(5);
});

test("the answer comes after the commit, never before", async () => {
  const { url, recorder } = await startTestCollector();
  let commit: () => void = () => undefined;
  const committing = Promise.withResolvers<void>();
  recorder.outcome = () =>
    new Promise((resolve) => {
      commit = () => resolve({ kind: "committed" });
      committing.resolve();
    });
  let answered = false;
  const response = postTraces(url, chatRequest(1)).then((sent) => {
    answered = true;
    return sent.status;
  });
  await committing.promise;
  await new Promise((resolve) => setTimeout(resolve, 50));
  expect(answered).toBe(false);
  commit();
  expect(await response).toBe(200);
});

test("unusable spans are rejected one by one in JSON, the rest is recorded and priced", async () => {
  const { url, recorder, counters } = await startTestCollector();
  const broken = [{ traceId: "" }, { endTimeUnixNano: "0" }, {}, { spanId: "0".repeat(16) }, { traceId: "ff" }];
  const response = await postTraces(
    url,
    chatRequest(8, (index) => broken[index] ?? {}),
  );
  expect([response.status, await response.json()]).toEqual([
    200,
    {
      partialSuccess: {
        rejectedSpans: "4",
        errorMessage:
          "rejected spans: invalid_trace_id (2), no_end_time (1), invalid_span_id (1); are these logs or metrics, which have their own URLs?",
      },
    },
  ]);
  expect(recorder.events.map(({ inputTokens }) => inputTokens)).toEqual([2, 5, 6, 7]);
  expect(recorder.events.map(({ costNanoUsd }) => costNanoUsd)).toEqual([5000, 12_500, 15_000, 17_500]);
  expect(counters.snapshot()).toMatchObject({
    spans_received: 8,
    spans_accepted: 4,
    "spans_rejected.invalid_trace_id": 2,
    "spans_rejected.no_end_time": 1,
  });
});

test("log records posted as protobuf traces are counted out by partial success", async () => {
  const { url } = await startTestCollector();
  // resource_logs { scope_logs { log_records { time_unix_nano: 1 } } }
  const logs = Buffer.from([0x0a, 0x0d, 0x12, 0x0b, 0x12, 0x09, 0x09, 1, 0, 0, 0, 0, 0, 0, 0]);
  const response = await postTraces(url, logs, { "content-type": PROTOBUF });
  expect(response.status).toBe(200);
  const partial = protobufFields(protobufFields(await response.bytes())[1] as Buffer);
  expect([partial[1], String(partial[2])]).toEqual([1, expect.stringContaining("logs or metrics") as string]);
});

test("a foreign tenant is partial success in protobuf", async () => {
  const { url, recorder } = await startTestCollector({
    authenticate: () => Promise.resolve({ keyId: "k2", tenants: ["globex"] }),
  });
  const { ProtobufTraceSerializer } = await import("@opentelemetry/otlp-transformer");
  const { InMemorySpanExporter, SimpleSpanProcessor, TracerProvider } = await import("@opentelemetry/sdk-trace");
  const exporter = new InMemorySpanExporter();
  const provider = new TracerProvider({ spanProcessors: [new SimpleSpanProcessor({ exporter })] });
  for (const tenant of ["acme", "globex"]) {
    const attributes = { "gen_ai.operation.name": "chat", "quotel.tenant.id": tenant };
    provider.getTracer("t").startSpan("chat", { attributes }).end();
  }
  await provider.forceFlush();
  const body = ProtobufTraceSerializer.serializeRequest(exporter.getFinishedSpans())!;
  const response = await postTraces(url, Buffer.from(body), { "content-type": PROTOBUF });
  expect(response.status).toBe(200);
  const partial = protobufFields(protobufFields(await response.bytes())[1] as Buffer);
  expect([partial[1], String(partial[2])]).toEqual([1, "rejected spans: foreign_tenant (1)"]);
  expect(recorder.events.map(({ tenantId }) => tenantId)).toEqual(["globex"]);
});

async function statusOf(response: Response): Promise<{ code: unknown; message: unknown }> {
  if (response.headers.get("content-type") !== PROTOBUF) {
    return (await response.json()) as { code: number; message: string };
  }
  const fields = protobufFields(await response.bytes());
  return { code: fields[1], message: String(fields[2]) };
}
