import type { Pool } from "pg";
import type { Key } from "#database/keys/api-key";
import { ok } from "../../http/answer.ts";
import type { Answer } from "../../http/answer.ts";
import { refuse } from "../../http/refusal.ts";
import { pathParameter } from "../../http/request.ts";
import type { ApiRequest } from "../../http/request.ts";
import type { Route } from "../../http/route.ts";
import { tenantOf } from "../../http/tenancy.ts";
import { readReservationId } from "../requests.ts";
import { explainDecision } from "./explain.ts";

/** `GET /v1/quota/decisions/{id}` (X4). */
export function explainRoute(pool: Pool): Route {
  const handle = async (req: ApiRequest, key: Key): Promise<Answer> => {
    const id = readReservationId(pathParameter(req, "id"));
    if (!id.ok) return refuse(id.refusal);
    const tenant = tenantOf(req, key, undefined);
    if (!tenant.ok) return refuse(tenant.refusal);
    const explanation = await explainDecision(pool, tenant.value, id.value);
    return explanation === null ? refuse(DECISION_NOT_FOUND) : ok(explanation);
  };
  return { method: "get", path: "/v1/quota/decisions/{id}", kinds: ["service", "admin", "tenant"], handle };
}

const DECISION_NOT_FOUND = {
  status: 404,
  code: "DECISION_NOT_FOUND",
  message:
    "The tenant has no decision with this id: admissions are kept with their reservations, the first 10 denials of a " +
    "resource and minute are kept whole, checks are not stored",
};
