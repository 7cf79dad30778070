import { randomUUIDv7 } from "node:crypto";
import type { Decision } from "@quotel/conventions";
import { unlimitedItem } from "../verdict/decision-items.ts";
import type { CheckRequest } from "../contract.ts";

/** The decision when the database is away: allowed, and saying that nothing was looked up (I14). */
export function failOpen(request: CheckRequest): Decision {
  return {
    allowed: true,
    decisionId: randomUUIDv7(),
    tenantId: request.tenantId,
    plan: "unknown",
    reason: null,
    items: request.items.map((item) => unlimitedItem(item, { used: 0, reserved: 0 }, "default")),
    asOf: new Date().toISOString(),
    lagMs: null,
    mode: "fail_open",
    retryAfterSeconds: null,
  };
}
