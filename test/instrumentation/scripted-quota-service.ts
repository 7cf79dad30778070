import { createServer } from "node:http";
import type { AddressInfo } from "node:net";

import type { QuotaItem, ReservationDecision } from "@quotel/conventions";

interface ReceivedRequest {
  readonly method: string;
  readonly path: string;
  readonly authorization: string | undefined;
  readonly body: Readonly<Record<string, unknown>> & { readonly items?: readonly QuotaItem[] };
}

/** An HTTP server in the quota API's shapes that keeps what it is asked and answers by a script. */
export interface ScriptedQuotaService {
  readonly url: string;
  readonly requests: ReceivedRequest[];
  /** Answer to a request; null: accept; "silence": never answer. */
  script: (
    request: ReceivedRequest,
  ) => { status: number; body?: unknown; headers?: Record<string, string> } | "silence" | null;
  of(method: string): ReceivedRequest[];
  waitFor(method: string, count: number): Promise<ReceivedRequest[]>;
  close(): Promise<void>;
}

export async function startScriptedQuotaService(): Promise<ScriptedQuotaService> {
  const requests: ReceivedRequest[] = [];
  const server = createServer((req, res) => {
    let text = "";
    req.setEncoding("utf8").on("data", (part: string) => (text += part));
    req.on("end", () => {
      const body = (text === "" ? {} : JSON.parse(text)) as ReceivedRequest["body"];
      const { method = "", url: path = "", headers } = req;
      const received = { method, path, authorization: headers.authorization, body };
      requests.push(received);
      const answer = service.script(received);
      if (answer === "silence") return;
      const status = answer?.status ?? (method === "POST" ? 201 : method === "DELETE" ? 204 : 200);
      res.writeHead(status, { "content-type": "application/json", ...answer?.headers });
      res.end(status === 204 ? "" : JSON.stringify(answer?.body ?? decision(body, true)));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const service: ScriptedQuotaService = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    script: () => null,
    of: (method) => requests.filter((one) => one.method === method),
    async waitFor(method, count) {
      for (let waited = 0; service.of(method).length < count; waited += 10) {
        if (waited > 8_000) throw new Error(`${service.of(method).length} of ${count} ${method} requests arrived`);
        await new Promise((resolve) => setTimeout(resolve, 10));
      }
      return service.of(method);
    },
    close() {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      server.closeAllConnections(); // after `close`: one accepted in between would keep the server up
      return closed;
    },
  };
  return service;
}

/** A decision about what a request asks for. */
export function decision(body: ReceivedRequest["body"], allowed: boolean): ReservationDecision {
  const items = (body.items ?? []).map(({ resource, amount }) => ({
    resource,
    period: "day" as const,
    requested: amount,
    limit: 10_000,
    used: allowed ? 0 : 9_900,
    reserved: 0,
    remaining: allowed ? 10_000 : 100,
    percentUsed: allowed ? 0 : 99,
    resetsAt: "2026-01-02T00:00:00.000Z",
    allowed: allowed || resource !== "tokens",
    state: "ok" as const,
    enforcement: "hard" as const,
    source: "plan" as const,
    granted: allowed ? amount : 0,
  }));
  return {
    allowed,
    decisionId: "d",
    tenantId: String(body["tenantId"]),
    plan: "trial",
    reason: allowed ? null : "QUOTA_EXCEEDED",
    items,
    asOf: "2026-01-01T00:00:00.000Z",
    lagMs: null,
    mode: "strict",
    retryAfterSeconds: allowed ? null : 3600,
    reservationId: String(body["reservationId"]),
    expiresAt: null,
  };
}
