import type { Actor } from "#database/audit/administrative-change";
import type { Key } from "#database/keys/api-key";
import type { ApiRequest } from "../http/request.ts";

/** Who makes a change through the admin API: the holder of the key, as the audit trail names them. */
export function actorOf(req: ApiRequest, key: Key): Actor {
  return {
    type: "admin",
    id: key.keyId,
    producer: "quotel-quota-service",
    clientAddress: req.clientAddress,
    userAgent: req.headers["user-agent"] ?? null,
  };
}
