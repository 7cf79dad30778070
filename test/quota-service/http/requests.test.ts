import { connect } from "node:net";
import { text } from "node:stream/consumers";
import { brotliCompressSync, deflateSync, gzipSync } from "node:zlib";
import { afterAll, describe, expect, test } from "vitest";
import { TOKENS, startTestService } from "../running-service.ts";

const service = await startTestService();
afterAll(service.stop);

const CHECK = "/v1/quota/check";
const body = JSON.stringify({ tenantId: "acme", resource: "tokens", amount: 1 });
const key = `authorization: Bearer ${TOKENS.service}\r\nconnection: close`;

/** Sends bytes on a connection of their own; what comes back until the service closes it. */
async function exchange(request: string): Promise<string> {
  const { hostname, port } = new URL(service.url);
  const socket = connect(Number(port), hostname);
  socket.write(request);
  return text(socket);
}

describe("bodies", () => {
  test.each([
    ["gzip", gzipSync(body)],
    ["deflate", deflateSync(body)],
    ["br", brotliCompressSync(body)],
    ["identity", Buffer.from(body)],
  ])("a body may be packed as %s", async (encoding, rawBody) => {
    const answer = await service.call("POST", CHECK, { rawBody, headers: { "content-encoding": encoding } });
    expect(answer).toMatchObject({ status: 200, body: { tenantId: "acme" } });
  });

  test("a body packed in an unknown way is 415, one that cannot be unpacked 400", async () => {
    const unknown = await service.call("POST", CHECK, { rawBody: body, headers: { "content-encoding": "zstd" } });
    expect(unknown).toMatchObject({ status: 415, body: { error: { code: "UNSUPPORTED_MEDIA_TYPE" } } });
    const broken = await service.call("POST", CHECK, { rawBody: body, headers: { "content-encoding": "gzip" } });
    expect(broken).toMatchObject({ status: 400, body: { error: { code: "INVALID_REQUEST" } } });
  });

  test.each([
    ["application/json; charset=utf-8", 200],
    ['Application/JSON; charset="UTF-8"', 200],
    ["application/json; version=1", 200],
    ["application/json; charset=utf-16", 415],
    ["application/jsonp", 415],
    ["text/plain", 415],
  ])("a body called %s is %i", async (type, status) => {
    const answer = await service.call("POST", CHECK, { rawBody: body, headers: { "content-type": type } });
    expect(answer.status).toBe(status);
  });

  test("a body may come in chunks, and letters beyond ASCII may be cut anywhere", async () => {
    const name = Buffer.from('{"tenantId":"acme","resource":"tökens","amount":1}');
    const cut = name.indexOf("ö") + 1;
    const chunk = (bytes: Buffer): string => `${bytes.length.toString(16)}\r\n${bytes.toString("latin1")}\r\n`;
    const { hostname, port } = new URL(service.url);
    const socket = connect(Number(port), hostname);
    socket.write(
      `POST ${CHECK} HTTP/1.1\r\nhost: a\r\n${key}\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n`,
    );
    socket.write(Buffer.from(chunk(name.subarray(0, cut)), "latin1"));
    await new Promise((resolve) => setTimeout(resolve, 20));
    socket.write(Buffer.from(`${chunk(name.subarray(cut))}0\r\n\r\n`, "latin1"));
    expect(await text(socket)).toContain("tökens");
  });

  test("one that grows beyond 1 MiB without saying so is 413", async () => {
    const chunk = `10000\r\n${"a".repeat(0x10000)}\r\n`;
    const answer = await exchange(
      `POST ${CHECK} HTTP/1.1\r\nhost: a\r\n${key}\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n${chunk.repeat(17)}0\r\n\r\n`,
    );
    expect(answer).toMatch(/^HTTP\/1\.1 413 .*BODY_TOO_LARGE/s);
  });

  test("a caller without a key is refused before the body has come", async () => {
    const answer = await exchange(
      `POST ${CHECK} HTTP/1.1\r\nhost: a\r\nconnection: close\r\ncontent-type: application/json\r\ncontent-length: 1000\r\n\r\n`,
    );
    expect(answer).toMatch(/^HTTP\/1\.1 401 /);
  });

  test("a caller that goes away in the middle of its body does no harm", async () => {
    const { hostname, port } = new URL(service.url);
    const socket = connect(Number(port), hostname);
    const head = `POST ${CHECK} HTTP/1.1\r\nhost: a\r\n${key}\r\ncontent-type: application/json\r\ncontent-length: 1000`;
    await new Promise<void>((resolve) => socket.write(`${head}\r\n\r\n{"tenant`, () => resolve()));
    socket.destroy();
    expect((await service.call("POST", CHECK, { rawBody: body })).status).toBe(200);
  });
});

describe("targets", () => {
  test("HEAD of what can be read is the head of its answer", async () => {
    const response = await fetch(`${service.url}/healthz`, { method: "HEAD" });
    expect(response.status).toBe(200);
    expect(response.headers.get("content-length")).toBe(String('{"status":"ok"}'.length));
    expect(await response.text()).toBe("");
  });

  test("a target with scheme and host is served as its path", async () => {
    const answer = await exchange(
      "GET http://quota.example/healthz?a=b HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n",
    );
    expect(answer).toMatch(/^HTTP\/1\.1 200 .*\{"status":"ok"\}$/s);
  });

  test("a parameter of a path is percent-decoded, and an empty one is no parameter", async () => {
    const put = (id: string) =>
      service.call("PUT", `/v1/admin/tenants/${id}`, { token: TOKENS.admin, body: { plan: "trial" } });
    expect(await put("a%40b")).toMatchObject({ status: 200, body: { tenantId: "a@b" } });
    expect((await put("")).status).toBe(404);
  });

  test("a query that names a field twice is 400", async () => {
    const answer = await service.call("GET", "/v1/usage/stats?tenantId=a&tenantId=b");
    expect(answer).toMatchObject({ status: 400, body: { error: { code: "INVALID_REQUEST" } } });
  });
});

test("no answer is stored or taken for anything but data", async () => {
  for (const answer of [await service.call("POST", CHECK, { rawBody: body }), await service.call("GET", "/nothing")]) {
    expect(Object.fromEntries(answer.headers)).toMatchObject({
      "cache-control": "no-store",
      "content-type": "application/json; charset=utf-8",
      "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
      "x-content-type-options": "nosniff",
    });
  }
});
