import { createServer } from "node:http";
import type { IncomingMessage, ServerResponse } from "node:http";
import { createServer as createHttp2Server } from "node:http2";
import type { Http2ServerRequest, Http2ServerResponse } from "node:http2";
import type { AddressInfo, Socket } from "node:net";

import { anthropic } from "./anthropic.ts";
import { bedrock } from "./bedrock.ts";
import { cohere } from "./cohere.ts";
import { gemini } from "./gemini.ts";
import { openaiCompletions } from "./openai-completions.ts";
import { openaiEvents } from "./openai-events.ts";
import { behaviourOf, json, pause } from "./script.ts";
import type { ScriptedApi, ScriptedCall } from "./script.ts";

/** A server that speaks every wire format, follows a script and keeps a ledger of the usage it put on the wire. */
export interface ScriptedProvider {
  readonly url: string;
  /** The same over HTTP/2 without TLS. */
  readonly http2Url: string;
  readonly ledger: { inputTokens: number; outputTokens: number; attempts: number };
  /** Bodies as they arrived. */
  readonly bodies: Record<string, unknown>[];
  /** Empties the ledger and forgets what has failed once. */
  reset(): void;
  close(): Promise<void>;
}

const APIS: readonly ScriptedApi[] = [openaiCompletions, openaiEvents, anthropic, gemini, cohere, bedrock];

export async function startScriptedProvider(): Promise<ScriptedProvider> {
  const ledger = { inputTokens: 0, outputTokens: 0, attempts: 0 };
  const bodies: Record<string, unknown>[] = [];
  const failed = new Set<string>();
  const sockets = new Map<string, Socket>();

  async function answer(api: ScriptedApi, call: ScriptedCall, identity: string): Promise<void> {
    ledger.attempts += 1;
    const { behaviour, res } = call;
    if (behaviour === "overloaded") return json(res, 429, api.error("slow down", "rate_limit_exceeded"));
    if (behaviour === "fails_once" && !failed.has(identity)) {
      failed.add(identity);
      return json(res, 500, api.error("oops", "server_error"));
    }
    if (behaviour === "silent") return;
    if (behaviour === "cut_json") {
      res.writeHead(200, { "content-type": api.contentType, "content-length": "5000" }).write('{"id":"chatcmpl-1",');
      await pause(60); // the caller has seen the beginning
      return void call.cut();
    }
    await api.answer(call);
  }

  function onRequest(req: IncomingMessage | Http2ServerRequest, res: ServerResponse | Http2ServerResponse): void {
    res.sendDate = false; // two answers to the same request are the same
    const path = decodeURIComponent(req.url ?? "");
    const api = APIS.find((one) => one.path.test(path));
    let raw = "";
    req.setEncoding("utf8").on("data", (part: string) => (raw += part));
    req.on("end", () => {
      if (api === undefined) return json(res, 404, { error: { message: `no ${path} here` } });
      const body = bodyOf(raw);
      bodies.push(body);
      const model = typeof body["model"] === "string" ? body["model"] : (/\/models?\/([^/:]+)/.exec(path)?.[1] ?? "m");
      const report = (inputTokens: number, outputTokens: number) => {
        ledger.inputTokens += inputTokens;
        ledger.outputTokens += outputTokens;
      };
      const behaviour = behaviourOf(body["user"], model);
      let gone = false;
      res.once("close", () => (gone = true));
      const connection = connectionOf(req.socket);
      const cut = () => sockets.get(connection)?.destroy();
      void answer(
        api,
        { path, body, model, behaviour, res, cut, isGone: () => gone, report },
        path + JSON.stringify(body),
      );
    });
  }

  const server = createServer(onRequest);
  const http2Server = createHttp2Server(onRequest);
  const ports = [];
  for (const one of [server, http2Server]) {
    one.on("connection", (socket: Socket) => {
      const connection = connectionOf(socket);
      sockets.set(connection, socket);
      socket.once("close", () => sockets.delete(connection));
    });
    await new Promise<void>((resolve) => one.listen(0, "127.0.0.1", resolve));
    ports.push((one.address() as AddressInfo).port);
  }
  return {
    url: `http://127.0.0.1:${ports[0]}`,
    http2Url: `http://127.0.0.1:${ports[1]}`,
    ledger,
    bodies,
    reset() {
      Object.assign(ledger, { inputTokens: 0, outputTokens: 0, attempts: 0 });
      failed.clear();
    },
    async close() {
      const closed = [server, http2Server].map((one) => new Promise((resolve) => one.close(resolve)));
      for (const socket of sockets.values()) socket.destroy();
      await Promise.all(closed);
    },
  };
}

/** What a socket and the stand-in that an HTTP/2 request shows for it have in common; one port may call both servers. */
function connectionOf({ localPort, remotePort }: Pick<Socket, "localPort" | "remotePort">): string {
  return `${localPort} ${remotePort}`;
}

/** A JSON body, or the short text fields of a form. */
function bodyOf(raw: string): Record<string, unknown> {
  if (raw.startsWith("{")) return JSON.parse(raw) as Record<string, unknown>;
  return Object.fromEntries([...raw.matchAll(/name="(\w+)"\r\n\r\n(.*)\r\n/g)].map((match) => [match[1], match[2]]));
}
