import { randomBytes } from "node:crypto";
import { connect } from "node:http2";
import { once } from "node:events";
import { expect, test } from "vitest";
import type { Answer } from "../../../collector/receive/answer.ts";
import { KEY } from "./collector-under-test.ts";
import { callExport, callOn, grpcClient } from "./grpc-call.ts";
import { startReceivers } from "./receivers-under-test.ts";
import { protobufFields } from "./requests.ts";

const MESSAGE = Buffer.from([1, 2, 3]);
const error = (status: 400 | 413 | 503, retryAfterSeconds?: number): Answer => ({
  kind: "error",
  status,
  message: "because \ud800 100%",
  ...(retryAfterSeconds !== undefined && { retryAfterSeconds }),
});

test.each(["traces", "metrics", "logs"] as const)(
  "gRPC hands the bytes of %s to their own pipeline",
  async (signal) => {
    const { grpc, received, budget } = await startReceivers();
    const bytes = randomBytes(70_000);
    expect(await callExport(grpc.url, bytes, { signal })).toEqual({ kind: "response", bytes: Buffer.alloc(0) });
    expect(await callExport(grpc.url, bytes, { signal, gzip: true })).toMatchObject({ kind: "response" });
    expect(received).toEqual([1, 2].map(() => ({ signal, encoding: "protobuf", bytes, keyId: "k1" })));
    expect(budget.held).toBe(0);
  },
);

test.each([
  { status: 400, code: 3, retry: null, answer: error(400) },
  { status: 413, code: 8, retry: null, answer: error(413) },
  { status: 503, code: 14, retry: 1, answer: error(503) },
  { status: 503, code: 14, retry: 3, answer: error(503, 30) },
])("over gRPC $status is code $code, to be retried after: $retry", async ({ code, retry, answer }) => {
  const { grpc } = await startReceivers({ answer: () => Promise.resolve(answer) });
  const said = await callExport(grpc.url, MESSAGE);
  expect(said).toEqual({ kind: "status", code, details: "because \ufffd 100%", retrySeconds: retry });
});

test("rejected items over gRPC are partial success", async () => {
  const answer = (): Promise<Answer> => Promise.resolve({ kind: "accepted", rejected: 300, message: "no tenant" });
  const { grpc } = await startReceivers({ answer });
  const said = await callExport(grpc.url, MESSAGE, { signal: "logs" });
  if (said.kind === "status") throw new Error(said.details);
  const partial = protobufFields(protobufFields(said.bytes)[1] as Buffer);
  expect([partial[1], String(partial[2])]).toEqual([300, "no tenant"]);
});

test.each([null, "Bearer guess", `Basic ${KEY}`])(
  "the gRPC metadata authorization %s is UNAUTHENTICATED",
  async (authorization) => {
    const { grpc, received } = await startReceivers();
    expect(await callExport(grpc.url, MESSAGE, { authorization })).toMatchObject({ code: 16, retrySeconds: null });
    expect(received).toEqual([]);
  },
);

test("keys out of reach are UNAVAILABLE over gRPC, and so is a pipeline that breaks", async () => {
  const away = await startReceivers({ authenticate: () => Promise.reject(new Error("away")) });
  expect(await callExport(away.grpc.url, MESSAGE)).toMatchObject({ code: 14, retrySeconds: 2 });
  const broken = await startReceivers({ answer: () => Promise.reject(new Error("bug")) });
  expect(await callExport(broken.grpc.url, MESSAGE)).toMatchObject({ code: 14, retrySeconds: 2 });
  expect([away.faults.length, broken.faults.length, broken.budget.held]).toEqual([1, 1, 0]);
});

test.each([false, true])("a gRPC message over the limit is RESOURCE_EXHAUSTED for good; packed: %s", async (gzip) => {
  const { grpc, received } = await startReceivers({ bodyBytesMax: 50_000 });
  const said = await callExport(grpc.url, Buffer.alloc(60_000), { gzip });
  expect(said).toMatchObject({ code: 8, retrySeconds: null });
  expect(received).toEqual([]);
});

test("a method that OTLP does not have is UNIMPLEMENTED", async () => {
  const { grpc } = await startReceivers();
  const path = "/opentelemetry.proto.collector.profiles.v1.ProfilesService/Export";
  expect(await callOn(grpcClient(grpc.url), path, MESSAGE)).toMatchObject({ code: 12 });
});

test("what has arrived of a gRPC message counts against the bytes in flight, and is given back", async () => {
  const { grpc, budget } = await startReceivers({ inFlightBytesMax: 100_000 });
  const { session, stream } = beginExport(grpc.url);
  stream.on("error", () => undefined);
  // A message of 60 000 bytes, of which 30 000 come.
  stream.write(Buffer.concat([Buffer.from([0, 0, 0, 0xea, 0x60]), Buffer.alloc(30_000)]));
  await expect.poll(() => budget.held).toBe(30_005);
  expect(await callExport(grpc.url, Buffer.alloc(80_000))).toMatchObject({ code: 14, retrySeconds: 1 });
  expect(budget.held).toBe(30_005);
  session.destroy();
  await expect.poll(() => budget.held).toBe(0);
});

test("a gRPC sender that stops in the middle is told to come again and keeps nothing", async () => {
  const { grpc, budget } = await startReceivers({ requestTimeoutMs: 100 });
  const { session, stream } = beginExport(grpc.url);
  stream.write(Buffer.from([0, 0, 0, 1, 0, 9, 9, 9]));
  const [headers] = (await once(stream, "response")) as [Record<string, string>];
  expect(headers["grpc-status"]).toBe("4");
  await expect.poll(() => budget.held).toBe(0);
  session.destroy();
});

test("a gRPC message is not read before its key is known", async () => {
  const asked = Promise.withResolvers<void>();
  const decided = Promise.withResolvers<null>();
  const { grpc, budget } = await startReceivers({
    authenticate: () => {
      asked.resolve();
      return decided.promise;
    },
  });
  const said = callExport(grpc.url, Buffer.alloc(90_000));
  await asked.promise;
  await new Promise((resolve) => setTimeout(resolve, 50));
  expect(budget.held).toBe(0);
  decided.resolve(null);
  expect(await said).toMatchObject({ code: 16 });
});

test("closing lets the gRPC call in flight end, and takes no other", async () => {
  const committing = Promise.withResolvers<void>();
  const commit = Promise.withResolvers<Answer>();
  const { grpc } = await startReceivers({
    answer: () => {
      committing.resolve();
      return commit.promise;
    },
  });
  const inFlight = callExport(grpc.url, MESSAGE);
  await committing.promise;
  const closed = grpc.close();
  expect(await callExport(grpc.url, MESSAGE)).toMatchObject({ kind: "status", code: 14 });
  commit.resolve({ kind: "accepted", rejected: 0, message: "" });
  expect(await inFlight).toMatchObject({ kind: "response" });
  await closed;
});

test("a gRPC call that does not end cannot keep the collector from closing", async () => {
  const { grpc } = await startReceivers({ shutdownTimeoutMs: 100, answer: () => new Promise(() => undefined) });
  const cut = callExport(grpc.url, MESSAGE);
  await new Promise((resolve) => setTimeout(resolve, 50));
  await grpc.close();
  expect(await cut).toMatchObject({ kind: "status" });
});

test("a taken gRPC port is named with the variable that changes it", async () => {
  const { grpc } = await startReceivers();
  const { startTestCollector } = await import("./collector-under-test.ts");
  const port = Number(new URL(grpc.url).port);
  await expect(startTestCollector({ config: { grpcPort: port } })).rejects.toThrow("QUOTEL_GRPC_PORT");
});

/** An export that is under way, to be written byte by byte. */
function beginExport(url: string) {
  const session = connect(url);
  const stream = session.request({
    ":method": "POST",
    ":path": "/opentelemetry.proto.collector.trace.v1.TraceService/Export",
    "content-type": "application/grpc",
    te: "trailers",
    authorization: `Bearer ${KEY}`,
  });
  return { session, stream };
}
