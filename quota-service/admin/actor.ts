import type { Request } from "express";
import type { Actor } from "#database/audit/administrative-change";
import type { Key } from "#database/keys/api-key";

/** Who makes a change through the admin API: the holder of the key, as the audit trail names them. */
export function actorOf(req: Request, key: Key): Actor {
  return {
    type: "admin",
    id: key.keyId,
    producer: "quotel-quota-service",
    clientAddress: req.ip ?? null,
    userAgent: req.get("user-agent") ?? null,
  };
}
