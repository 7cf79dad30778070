import type { Pool } from "pg";
import { z } from "zod";
import type { Key } from "#database/keys/api-key";
import { listOverrides } from "#database/overrides/list-overrides";
import { limitFields, refuseContradictions } from "#database/plans/catalogue";
import { NO_CONTENT, created, ok } from "../../http/answer.ts";
import type { Answer } from "../../http/answer.ts";
import { instantSchema } from "../../http/instant.ts";
import { invalidRequest, refuse, tenantNotFound } from "../../http/refusal.ts";
import type { Refusal } from "../../http/refusal.ts";
import { pathParameter } from "../../http/request.ts";
import type { ApiRequest } from "../../http/request.ts";
import type { Route } from "../../http/route.ts";
import { tenantIdSchema } from "../../http/tenancy.ts";
import { parse, parseBody } from "../../http/validation.ts";
import type { KnownResources } from "../../quota/known-resources.ts";
import { readRegisteredTenant } from "../tenants/read-registered-tenant.ts";
import { actorOf } from "../actor.ts";
import { createOverride, endOverride } from "./change-overrides.ts";
import { overrideOnWire } from "./override-on-wire.ts";

const overrideIdSchema = z.uuid("must be a UUID").transform((id) => id.toLowerCase());
const bodySchema = z
  .strictObject({
    tenantId: tenantIdSchema,
    overrideId: overrideIdSchema.optional(),
    ...limitFields,
    reason: z.string().trim().min(1, "must say why").max(1000, "must be at most 1000 characters"),
    from: instantSchema.optional(),
    until: instantSchema.nullable().default(null),
  })
  .superRefine(refuseContradictions);
const tenantQuery = z.strictObject({ tenantId: tenantIdSchema });
const pathSchema = z.object({ id: overrideIdSchema });

/** `/v1/admin/overrides`: what a tenant may use in place of what its plan says (`setCustomQuota`). */
export function overrideRoutes(pool: Pool, resources: KnownResources): Route[] {
  const path = "/v1/admin/overrides";
  const create = async (req: ApiRequest, key: Key): Promise<Answer> => {
    const body = parseBody(bodySchema, req.body);
    if (!body.ok) return refuse(body.refusal);
    const { tenantId, overrideId, reason, from, until, ...limit } = body.value;
    const unknown = await resources.refuseUnknown([{ resource: limit.resource, amount: 0 }], {});
    if (unknown !== null) return refuse(unknown);
    const outcome = await createOverride(pool, { tenantId, overrideId, limit, from, until, reason }, actorOf(req, key));
    switch (outcome.kind) {
      case "created":
        return created(overrideOnWire(outcome.override));
      case "repeated":
        return ok(overrideOnWire(outcome.override));
      case "conflict":
        return refuse(OVERRIDE_CONFLICT);
      case "unknown_tenant":
        return refuse(tenantNotFound(tenantId));
      case "over":
        return refuse(invalidRequest([{ path: "until", message: "must be after from, and in the future" }]));
    }
  };
  const list = async (req: ApiRequest): Promise<Answer> => {
    const query = parse(tenantQuery, req.query);
    if (!query.ok) return refuse(query.refusal);
    const { tenantId } = query.value;
    if ((await readRegisteredTenant(pool, tenantId)) === null) return refuse(tenantNotFound(tenantId));
    return ok({ overrides: (await listOverrides(pool, tenantId)).map(overrideOnWire) });
  };
  const revoke = async (req: ApiRequest, key: Key): Promise<Answer> => {
    const path = parse(pathSchema, { id: pathParameter(req, "id") });
    if (!path.ok) return refuse(path.refusal);
    const query = parse(tenantQuery, req.query);
    if (!query.ok) return refuse(query.refusal);
    const override = { tenantId: query.value.tenantId, overrideId: path.value.id };
    if (!(await endOverride(pool, override, actorOf(req, key)))) return refuse(OVERRIDE_NOT_FOUND);
    return NO_CONTENT;
  };
  return [
    { method: "post", path, kinds: ["admin"], handle: create },
    { method: "get", path, kinds: ["admin"], handle: list },
    { method: "delete", path: `${path}/{id}`, kinds: ["admin"], handle: revoke },
  ];
}

const OVERRIDE_CONFLICT: Refusal = {
  status: 409,
  code: "OVERRIDE_CONFLICT",
  message: "This overrideId was used for another override; choose a new one",
};
const OVERRIDE_NOT_FOUND: Refusal = {
  status: 404,
  code: "OVERRIDE_NOT_FOUND",
  message: "The tenant has no override with this id",
};
