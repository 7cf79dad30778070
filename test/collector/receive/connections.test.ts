import { connect, type Socket } from "node:net";
import { Agent, request, type IncomingMessage } from "node:http";
import { once } from "node:events";
import { expect, test } from "vitest";
import { KEY, postTraces, startTestCollector } from "./collector-under-test.ts";
import { chatRequest } from "./requests.ts";

test("senders that go away in the middle of a body leave nothing behind", async () => {
  const { url, recorder } = await startTestCollector({ config: { inFlightBytesMax: 50_000 } });
  for (let round = 0; round < 20; round++) {
    const socket = await open(url);
    socket.write(head("content-length: 20000", `authorization: Bearer ${KEY}`) + "x".repeat(10_000));
    await new Promise((resolve) => setTimeout(resolve, 5));
    socket.destroy();
  }
  // The budget is 50 kB: had the 20 halves of 10 kB stayed in it, nothing would fit.
  await expect.poll(async () => (await postTraces(url, chatRequest(30))).status).toBe(200);
  expect(recorder.events).toHaveLength(30);
});

test("a body is not kept before its key is known", async () => {
  let refuse: () => void = () => undefined;
  const asked = Promise.withResolvers<void>();
  const { url } = await startTestCollector({
    // Not one byte fits: keeping any would answer 503.
    config: { inFlightBytesMax: 0 },
    authenticate: () =>
      new Promise((resolve) => {
        refuse = () => resolve(null);
        asked.resolve();
      }),
  });
  const response = postTraces(url, "x".repeat(1_000_000));
  await asked.promise;
  await new Promise((resolve) => setTimeout(resolve, 50));
  refuse();
  expect((await response).status).toBe(401);
});

test("after a refusal the connection serves the next request", async () => {
  const { url } = await startTestCollector({ config: { bodyBytesMax: 100_000 } });
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  const statuses: number[] = [];
  const sockets = new Set<unknown>();
  for (const [key, body] of [
    ["wrong", "x".repeat(90_000)],
    [KEY, "x".repeat(5_000_000)],
    [KEY, chatRequest(1)],
  ] as const) {
    const sent = request(`${url}/v1/traces`, {
      agent,
      method: "POST",
      headers: { authorization: `Bearer ${key}`, "content-type": "application/json" },
    });
    sent.on("socket", (socket) => sockets.add(socket));
    sent.end(body);
    const [response] = (await once(sent, "response")) as [IncomingMessage];
    response.resume();
    await once(response, "end");
    statuses.push(response.statusCode!);
  }
  agent.destroy();
  expect([statuses, sockets.size]).toEqual([[401, 413, 200], 1]);
});

test("closing lets the request in flight commit and answer, then drains the recorder", async () => {
  const collector = await startTestCollector();
  const { recorder, url } = collector;
  let commit: () => void = () => undefined;
  const committing = Promise.withResolvers<void>();
  recorder.outcome = () =>
    new Promise((resolve) => {
      commit = () => resolve({ kind: "committed" });
      committing.resolve();
    });
  const inFlight = postTraces(url, chatRequest(3));
  await committing.promise;
  const closed = collector.close();
  await expect(open(url)).rejects.toThrow("ECONNREFUSED");
  expect(recorder.closed).toBe(false);
  commit();
  expect((await inFlight).status).toBe(200);
  await closed;
  expect([recorder.events.length, recorder.closed]).toEqual([3, true]);
});

test("a connection held open cannot keep the collector from closing", async () => {
  const collector = await startTestCollector({ config: { shutdownTimeoutMs: 100 } });
  const socket = await open(collector.url);
  socket.on("error", () => undefined);
  socket.write(head("content-length: 100", `authorization: Bearer ${KEY}`) + "{");
  await new Promise((resolve) => setTimeout(resolve, 20));
  await collector.close();
  expect(collector.recorder.closed).toBe(true);
});

test("healthz says the process is up, readyz whether usage can be committed", async () => {
  let up = true;
  const { url } = await startTestCollector({ ready: () => (up ? Promise.resolve(true) : Promise.reject(new Error())) });
  const statuses = async (): Promise<number[]> => [
    (await fetch(`${url}/healthz`)).status,
    (await fetch(`${url}/readyz`)).status,
  ];
  expect(await statuses()).toEqual([200, 200]);
  up = false;
  expect(await statuses()).toEqual([200, 503]);
});

async function open(url: string): Promise<Socket> {
  const socket = connect(Number(new URL(url).port), "127.0.0.1");
  await once(socket, "connect");
  return socket;
}

function head(...headers: readonly string[]): string {
  return ["POST /v1/traces HTTP/1.1", "host: t", "content-type: application/json", ...headers, "", ""].join("\r\n");
}
