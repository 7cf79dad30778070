import { once } from "node:events";
import { connect } from "node:net";
import type { Socket } from "node:net";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";

import { startOtlpReceiver } from "../otlp-receiver.ts";
import type { OtlpReceiver } from "../otlp-receiver.ts";
import { startApp } from "../start-app.ts";
import type { RunningApp } from "../start-app.ts";

let receiver: OtlpReceiver;
let app: RunningApp;
beforeAll(async () => {
  receiver = await startOtlpReceiver();
  app = await startApp({
    file: new URL("./apps/plain-http.ts", import.meta.url),
    env: { QUOTEL_ENDPOINT: receiver.url, QUOTEL_TENANT_HEADER: "x-tenant" },
  });
});
beforeEach(() => void (receiver.spans.length = 0));
afterAll(async () => {
  await app.end("SIGKILL");
  await receiver.close();
});

async function connection(): Promise<Socket> {
  const socket = connect(Number(new URL(app.url).port), "127.0.0.1");
  await once(socket, "connect");
  return socket;
}

function get(path: string, tenant: string): string {
  return `GET ${path} HTTP/1.1\r\nHost: app\r\nX-Tenant: ${tenant}\r\n\r\n`;
}

function tenants(): unknown[] {
  return receiver.of("api_call").map((call) => call.attributes["quotel.tenant.id"]);
}

test("pipelined requests are one event each, of their own tenants, however slow the first is", async () => {
  const socket = await connection();
  socket.write(get("/ok/1?ms=80", "a") + get("/ok/2", "b") + get("/ok/3?ms=20", "c"));
  const calls = await receiver.waitFor("api_call", 3);
  expect(new Set(tenants())).toEqual(new Set(["a", "b", "c"]));
  expect(calls.every((call) => call.attributes["http.response.status_code"] === 200)).toBe(true);
  socket.destroy();
});

test("pipelined requests whose turn never came are failed events, none is missing", async () => {
  const socket = await connection();
  socket.write(get("/hang", "a") + get("/hang", "b") + get("/hang", "c"));
  await new Promise((resolve) => setTimeout(resolve, 100));
  socket.destroy();
  const calls = await receiver.waitFor("api_call", 3);
  expect(new Set(tenants())).toEqual(new Set(["a", "b", "c"]));
  expect(calls.map((call) => call.attributes["error.type"])).toEqual(["aborted", "aborted", "aborted"]);
});

test("requests that follow each other on a kept connection never share a tenant", async () => {
  const socket = await connection();
  for (let index = 0; index < 20; index += 1) {
    socket.write(get(`/ok/${index}`, `t${index}`));
    await once(socket, "data");
  }
  await receiver.waitFor("api_call", 20);
  expect(new Set(tenants()).size).toBe(20);
  socket.destroy();
});

test("a request that is cut before its headers are whole is none, what came before it is counted", async () => {
  const socket = await connection();
  socket.write(`${get("/ok/1", "a")}GET /ok/2 HTTP/1.1\r\nHost: a`);
  await once(socket, "data");
  socket.destroy();
  await fetch(`${app.url}/ok/3`, { headers: { "x-tenant": "b" } });
  await receiver.waitFor("api_call", 2);
  expect(tenants()).toEqual(["a", "b"]);
});
