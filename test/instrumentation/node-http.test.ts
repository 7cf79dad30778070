import { once } from "node:events";
import { createServer, request } from "node:http";
import type { IncomingMessage, RequestOptions, Server } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";
import { brotliCompressSync, gzipSync } from "node:zlib";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";

import { withTenant } from "@quotel/instrumentation";
import { tapThisProcess } from "./tapped-process.ts";
import type { TappedProcess } from "./tapped-process.ts";

let tapped: TappedProcess;
let packing: Server;

beforeAll(async () => {
  tapped = await tapThisProcess({ stalledMs: 600 });
  packing = createServer((req, res) => {
    const answer = JSON.stringify({ choices: [{ text: "Hi" }], usage: { prompt_tokens: 5, completion_tokens: 4 } });
    const encoding = req.headers["accept-encoding"] ?? "identity";
    const packed = { gzip: gzipSync(answer), br: brotliCompressSync(answer) }[encoding] ?? Buffer.from("not packed");
    res.writeHead(200, { "content-type": "application/json", "content-encoding": encoding }).end(packed);
  });
  await new Promise<void>((resolve) => packing.listen(0, "127.0.0.1", resolve));
});
beforeEach(() => tapped.reset());
afterAll(async () => {
  packing.close();
  await tapped.close();
});

/** Sends a JSON body in the given parts; the answer, or the error. */
function send(options: RequestOptions, parts: readonly string[]): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const outgoing = request({ host: "127.0.0.1", method: "POST", path: "/v1/chat/completions", ...options }, resolve);
    outgoing.on("error", reject);
    for (const part of parts.slice(0, -1)) outgoing.write(part);
    outgoing.end(parts.at(-1));
  });
}
function chat(model: string, options: RequestOptions = {}, fields: object = {}): Promise<IncomingMessage> {
  const body = JSON.stringify({ model, messages: [{ role: "user", content: "Grüße" }], ...fields });
  const { port } = new URL(tapped.provider.url);
  return send({ port, ...options }, [body.slice(0, 20), body.slice(20)]);
}

test("a call by node:http is metered like one by fetch, its body written in parts", async () => {
  const answer = await withTenant("acme", () => chat("gpt-x"));
  expect(JSON.parse(await text(answer))).toMatchObject({ model: "gpt-x-2026" });
  const [span] = await tapped.receiver.waitFor("chat", 1);
  expect(span!.attributes).toMatchObject({
    "quotel.tenant.id": "acme",
    "gen_ai.request.model": "gpt-x",
    "gen_ai.usage.input_tokens": 11,
    "gen_ai.usage.output_tokens": 6,
    "quotel.usage.source": "provider",
  });
});

test("a stream by node:http is passed as it is: without a wish for usage what was seen is partial", async () => {
  expect(await text(await chat("m", {}, { stream: true }))).not.toContain("prompt_tokens");
  await text(await chat("m", {}, { stream: true, stream_options: { include_usage: true } }));
  const spans = await tapped.receiver.waitFor("chat", 2);
  expect(tapped.provider.bodies.at(-2)).not.toHaveProperty("stream_options");
  expect(spans.map((span) => span.attributes["quotel.usage.source"])).toEqual(["partial", "provider"]);
});

test.each(["gzip", "br"])(
  "an answer packed with %s is read from a copy and reaches the app packed",
  async (encoding) => {
    const { port } = packing.address() as AddressInfo;
    const answer = await chat("m", { port, headers: { "accept-encoding": encoding } });
    const parts: Buffer[] = [];
    for await (const part of answer) parts.push(part as Buffer);
    expect(Buffer.concat(parts).toString("utf8")).not.toContain("usage");
    const [span] = await tapped.receiver.waitFor("chat", 1);
    expect(span!.attributes).toMatchObject({ "gen_ai.usage.input_tokens": 5, "quotel.usage.source": "provider" });
  },
);

test("an answer that is not packed as it says is an attempt with unknown tokens", async () => {
  const { port } = packing.address() as AddressInfo;
  await text(await chat("m", { port, headers: { "accept-encoding": "deflate" } }));
  const [span] = await tapped.receiver.waitFor("chat", 1);
  expect(span!.attributes["quotel.usage.source"]).toBe("none");
});

test("requests by node:http that get no answer failed with the reason", async () => {
  await expect(chat("m", { port: 1024 })).rejects.toThrow("ECONNREFUSED");
  await expect(chat("silent", { signal: AbortSignal.timeout(100) })).rejects.toThrow("aborted");
  const spans = await tapped.receiver.waitFor("chat", 2);
  expect(spans.map((span) => span.attributes["error.type"])).toEqual(["ECONNREFUSED", "AbortError"]);
});

test("a body by node:http that nobody reads is metered", async () => {
  const answer = await chat("m");
  const [span] = await tapped.receiver.waitFor("chat", 1);
  expect(span!.attributes["quotel.usage.source"]).toBe("provider");
  answer.destroy();
});

test("a connection that an app leaves in the midst of a stream is closed, metered or not: what had come is counted as partial", async () => {
  const leave = async () => {
    const answer = await chat("pauses", {}, { stream: true, stream_options: { include_usage: true } });
    const closed = once(answer.socket, "close");
    let seen = "";
    for await (const part of answer) if ((seen += String(part)).includes(String.raw`\"usage\"`)) break;
    await closed;
    return answer.complete;
  };
  expect(await tapped.bare(leave)).toBe(false);
  expect(await leave()).toBe(false);
  const [span] = await tapped.receiver.waitFor("chat", 1);
  expect(span!.attributes).toMatchObject({ "gen_ai.usage.output_tokens": 4, "quotel.usage.source": "partial" });
  expect(span!.attributes).not.toHaveProperty("gen_ai.usage.input_tokens");
  // The provider, too, finds nobody there when it goes on: neither call's usage was ever sent.
  await new Promise((resolve) => setTimeout(resolve, 2_300));
  expect(tapped.provider.ledger).toEqual({ inputTokens: 0, outputTokens: 0, attempts: 2 });
});

test("other requests by node:http keep their methods and are no events", async () => {
  const outgoing = request(`${tapped.provider.url}/health`, { method: "POST" });
  expect(Object.hasOwn(outgoing, "write") || Object.hasOwn(outgoing, "end")).toBe(false);
  const answered = new Promise<IncomingMessage>((resolve) => outgoing.on("response", resolve));
  outgoing.end("{}");
  expect(await text(await answered)).toContain("no /health here");
  await chat("m");
  await tapped.receiver.waitFor("chat", 1);
  expect(tapped.receiver.of("chat")).toHaveLength(1);
});
