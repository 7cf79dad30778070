import { execFileSync } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { connect } from "node:http2";
import type { ClientHttp2Session } from "node:http2";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";

import { startOtlpReceiver } from "../otlp-receiver.ts";
import type { OtlpReceiver } from "../otlp-receiver.ts";
import { startApp } from "../start-app.ts";
import type { RunningApp } from "../start-app.ts";

let receiver: OtlpReceiver;
let folder: string;
beforeAll(async () => {
  receiver = await startOtlpReceiver();
  folder = await mkdtemp(join(tmpdir(), "quotel-tls-"));
  const [key, cert] = [join(folder, "key.pem"), join(folder, "cert.pem")];
  const subject = ["-subj", "/CN=127.0.0.1", "-days", "2"];
  const args = ["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", key, "-out", cert, ...subject];
  execFileSync("openssl", args, { stdio: "ignore" });
  await writeFile(join(folder, "both.pem"), (await readFile(key, "utf8")) + (await readFile(cert, "utf8")));
});
beforeEach(() => void (receiver.spans.length = 0));
afterAll(async () => {
  await receiver.close();
  await rm(folder, { recursive: true });
});

/** One request over a session; resolves to what was answered. */
async function ask(session: ClientHttp2Session, path: string, tenant: string): Promise<string> {
  const stream = session.request({ ":path": path, "x-tenant": tenant });
  let text = "";
  stream.setEncoding("utf8").on("data", (part: string) => (text += part));
  await once(stream, "close");
  return text;
}

describe.each([
  { name: "compatibility API", file: "http2", env: {}, tls: false, route: undefined },
  { name: "stream API", file: "http2", env: { HTTP2_API: "stream" }, tls: false, route: undefined },
  { name: "compatibility API over TLS", file: "http2", env: {}, tls: true, route: undefined },
  { name: "stream API over TLS", file: "http2", env: { HTTP2_API: "stream" }, tls: true, route: undefined },
  { name: "Fastify", file: "fastify-http2", env: {}, tls: false, route: "/ok/:id" },
])("http2, $name", ({ name, file, env, tls, route }) => {
  let app: RunningApp;
  let session: ClientHttp2Session;
  beforeAll(async () => {
    app = await startApp({
      file: new URL(`./apps/${file}.ts`, import.meta.url),
      env: {
        QUOTEL_ENDPOINT: receiver.url,
        QUOTEL_TENANT_HEADER: "x-tenant",
        ...env,
        ...(tls && { TLS_PEM: join(folder, "both.pem") }),
      },
    });
    session = connect(app.url, { rejectUnauthorized: false });
  });
  afterAll(async () => {
    session.destroy();
    await app.end("SIGKILL");
  });

  test(`${name} over HTTP/2: concurrent streams are one event each, of their own tenants`, async () => {
    const ids = Array.from({ length: 30 }, (_, index) => `t${index}`);
    const answers = await Promise.all(ids.map((id) => ask(session, `/ok/${id}`, id)));
    expect(answers.map((answer) => answer.split(" ")[0])).toEqual(ids);
    const calls = await receiver.waitFor("api_call", 30);
    expect(new Set(calls.map((call) => call.attributes["quotel.tenant.id"]))).toEqual(new Set(ids));
    for (const { attributes } of calls) {
      expect(attributes).toMatchObject({ "http.request.method": "GET", "http.response.status_code": 200 });
      expect(attributes["http.route"]).toBe(route);
    }
  });

  test(`${name} over HTTP/2: a failure and a stream its caller resets are failed events`, async () => {
    await ask(session, "/fail", "a");
    await receiver.waitFor("api_call", 1);
    const stream = session.request({ ":path": "/hang" });
    stream.on("error", () => {});
    setTimeout(() => stream.close(8), 50);
    const [failed, reset] = await receiver.waitFor("api_call", 2);
    expect(failed!.attributes["http.response.status_code"]).toBe(503);
    expect(reset!.attributes["error.type"]).toBe("aborted");
  });
});

test("what an HTTP/2 server pushes is no request", async () => {
  const file = new URL("./apps/http2.ts", import.meta.url);
  const app = await startApp({ file, env: { QUOTEL_ENDPOINT: receiver.url, HTTP2_API: "stream" } });
  const session = connect(app.url);
  const pushed = once(session, "stream");
  await ask(session, "/push", "a");
  await pushed;
  await ask(session, "/last", "a");
  await receiver.waitFor("api_call", 2);
  await new Promise((resolve) => setTimeout(resolve, 400));
  expect(receiver.of("api_call")).toHaveLength(2);
  session.destroy();
  await app.end("SIGKILL");
});

test("a request over HTTP/1 to a server of HTTP/2 is one event", async () => {
  const { get } = await import("node:https");
  const file = new URL("./apps/http2.ts", import.meta.url);
  const env = { QUOTEL_ENDPOINT: receiver.url, TLS_PEM: join(folder, "both.pem") };
  const app = await startApp({ file, env });
  await new Promise<void>((resolve, reject) => {
    get(app.url, { rejectUnauthorized: false }, (res) => res.resume().on("end", resolve)).on("error", reject);
  });
  const [call] = await receiver.waitFor("api_call", 1);
  expect(call!.attributes["http.response.status_code"]).toBe(200);
  expect(receiver.of("api_call")).toHaveLength(1);
  await app.end("SIGKILL");
});
