import { randomUUIDv7 } from "node:crypto";
import type { Decision } from "@quotel/conventions";
import type { CheckRequest } from "./engine.ts";

/** The decision when the database is away: allowed, and saying that nothing was looked up (I14). */
export function failOpen(request: CheckRequest): Decision {
  return {
    allowed: true,
    decisionId: randomUUIDv7(),
    tenantId: request.tenantId,
    plan: "unknown",
    reason: null,
    items: request.items.map(({ resource, amount }) => ({
      resource,
      period: null,
      requested: amount,
      limit: null,
      used: 0,
      reserved: 0,
      remaining: null,
      percentUsed: null,
      resetsAt: null,
      allowed: true,
      state: "ok",
      enforcement: "hard",
      source: "default",
    })),
    asOf: new Date().toISOString(),
    lagMs: null,
    mode: "fail_open",
    retryAfterSeconds: null,
  };
}
