import { once } from "node:events";
import { createServer, type RequestListener, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, expect, test } from "vitest";
import { startDecisionWatch } from "../../examples/chat-api/demo/proxies/decision-watch.ts";
import { startRedelivery } from "../../examples/chat-api/demo/proxies/redelivery.ts";

const open: { close: () => unknown }[] = [];
afterEach(async () => {
  for (const running of open.splice(0).reverse()) await running.close();
});

async function serve(listener: RequestListener): Promise<string> {
  const server: Server = createServer(listener).listen(0, "127.0.0.1");
  await once(server, "listening");
  open.push({ close: () => [server.close(), server.closeAllConnections()] });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** A collector that keeps what it is sent and answers as told, 200 by default. */
async function startCollector(statusOf: (received: number) => number = () => 200) {
  const received: { key: string; body: string }[] = [];
  const url = await serve((req, res) => {
    let body = "";
    req.setEncoding("utf8").on("data", (text: string) => (body += text));
    req.on("end", () => {
      received.push({ key: `${req.method} ${req.url} ${req.headers.authorization}`, body });
      res.writeHead(statusOf(received.length), { "retry-after": "2" }).end(`answer to ${body}`);
    });
  });
  return { url, received };
}

async function send(url: string, body: string): Promise<Response> {
  return fetch(`${url}/v1/traces?x=1`, { method: "POST", headers: { authorization: "Bearer key" }, body });
}

test("every second batch reaches the collector twice, byte for byte and with its key", async () => {
  const collector = await startCollector();
  const redelivery = await startRedelivery(collector.url, "test");
  open.push(redelivery);
  for (let batch = 1; batch <= 10; batch++) await send(redelivery.url, `batch ${batch}`);
  await redelivery.finish();
  const bodies = collector.received.map(({ body }) => body).sort();
  const expected = Array.from({ length: 10 }, (_, index) => `batch ${index + 1}`);
  expect(bodies).toEqual([...expected, ...expected.filter((_, index) => index % 2 === 1)].sort());
  expect(new Set(collector.received.map(({ key }) => key))).toEqual(new Set(["POST /v1/traces?x=1 Bearer key"]));
  expect(redelivery.counts()).toEqual({ delivered: 10, redelivered: 5 });
});

test("the sender gets the collector's own answer, and a refused batch is not repeated", async () => {
  const collector = await startCollector(() => 503);
  const redelivery = await startRedelivery(collector.url, "test");
  open.push(redelivery);
  for (let batch = 1; batch <= 4; batch++) {
    const answer = await send(redelivery.url, `batch ${batch}`);
    expect([answer.status, answer.headers.get("retry-after"), await answer.text()]).toEqual([
      503,
      "2",
      `answer to batch ${batch}`,
    ]);
  }
  await redelivery.finish();
  expect(collector.received).toHaveLength(4);
});

test("a collector that is busy when a batch comes again is asked once more", async () => {
  const collector = await startCollector((received) => (received === 3 ? 503 : 200));
  const redelivery = await startRedelivery(collector.url, "test");
  open.push(redelivery);
  await send(redelivery.url, "a");
  await send(redelivery.url, "b");
  await redelivery.finish();
  expect(collector.received.map(({ body }) => body)).toEqual(["a", "b", "b", "b"]);
});

test("a collector that is gone breaks the sender's connection as it would without the demo in between", async () => {
  const gone = await serve((req) => req.socket.destroy());
  const redelivery = await startRedelivery(gone, "test");
  open.push(redelivery);
  await expect(send(redelivery.url, "a")).rejects.toThrow("fetch failed");
});

test("an unjust denial of the quota service is noticed under its tenant and still reaches the app", async () => {
  const items = [{ requested: 10, limit: 100, used: 50, reserved: 0, enforcement: "hard" }];
  const denial = JSON.stringify({ allowed: false, tenantId: "acme", items });
  const quotaUrl = await serve((_req, res) => res.writeHead(429, { "retry-after": "60" }).end(denial));
  const watch = await startDecisionWatch(quotaUrl);
  open.push(watch);
  const answer = await fetch(`${watch.url}/v1/quota/reservations`, { method: "POST", body: "{}" });
  expect([answer.status, answer.headers.get("retry-after"), await answer.text()]).toEqual([429, "60", denial]);
  expect([watch.unjustDenials("acme"), watch.unjustDenials("beta")]).toEqual([1, 0]);
});
