import type { Key } from "#database/keys/api-key";
import type { DecisionEngine } from "../decisions/contract.ts";
import type { Answer } from "../http/answer.ts";
import { refuse } from "../http/refusal.ts";
import { pathParameter } from "../http/request.ts";
import type { ApiRequest } from "../http/request.ts";
import type { Route } from "../http/route.ts";
import { chooseTenant, tenantOf } from "../http/tenancy.ts";
import { answerBatch, answerCheck, answerLease, answerPatch, answerRelease, answerReserve } from "./answers.ts";
import type { KnownResources } from "./known-resources.ts";
import { requestHashOf } from "./request-hash.ts";
import {
  readBatchBody,
  readCheckBody,
  readLeaseBody,
  readPatchBody,
  readReleaseBody,
  readReservationId,
  readReserveBody,
} from "./requests.ts";

/** `/v1/quota`: from HTTP to the decision engine and back. */
export function quotaRoutes(engine: DecisionEngine, resources: KnownResources): Route[] {
  const routes = new QuotaRoutes(engine, resources);
  const reservation = "/v1/quota/reservations/{id}";
  return [
    { method: "post", path: "/v1/quota/check", kinds: ["service", "admin", "tenant"], handle: routes.check },
    { method: "post", path: "/v1/quota/check/batch", kinds: ["service", "admin"], handle: routes.checkBatch },
    { method: "post", path: "/v1/quota/reservations", kinds: ["service", "admin"], handle: routes.reserve },
    { method: "post", path: "/v1/quota/leases", kinds: ["service", "admin"], handle: routes.lease },
    { method: "patch", path: reservation, kinds: ["service", "admin"], handle: routes.patch },
    { method: "delete", path: reservation, kinds: ["service", "admin"], handle: routes.release },
  ];
}

class QuotaRoutes {
  readonly #engine: DecisionEngine;
  readonly #resources: KnownResources;

  constructor(engine: DecisionEngine, resources: KnownResources) {
    this.#engine = engine;
    this.#resources = resources;
  }

  check = async (req: ApiRequest, key: Key): Promise<Answer> => {
    const body = readCheckBody(req.body);
    if (!body.ok) return refuse(body.refusal);
    const tenant = tenantOf(req, key, body.value.tenantId);
    if (!tenant.ok) return refuse(tenant.refusal);
    const { items } = body.value;
    const unknown = await this.#resources.refuseUnknown(items, req.body as object);
    if (unknown !== null) return refuse(unknown);
    const tenantId = tenant.value;
    return answerCheck(tenantId, await this.#engine.check({ tenantId, items }, key));
  };

  checkBatch = async (req: ApiRequest, key: Key): Promise<Answer> => {
    const body = readBatchBody(req.body);
    if (!body.ok) return refuse(body.refusal);
    const { checks } = body.value;
    for (const [index, check] of checks.entries()) {
      const tenant = chooseTenant(key, check.tenantId);
      if (!tenant.ok) return refuse(tenant.refusal);
      const unknown = await this.#resources.refuseUnknown(check.items, check, `checks[${index}].`);
      if (unknown !== null) return refuse(unknown);
    }
    return answerBatch(checks, await this.#engine.checkBatch(checks));
  };

  reserve = async (req: ApiRequest, key: Key): Promise<Answer> => {
    const body = readReserveBody(req.body);
    if (!body.ok) return refuse(body.refusal);
    const tenant = tenantOf(req, key, body.value.tenantId);
    if (!tenant.ok) return refuse(tenant.refusal);
    const { reservationId, items, ttlSeconds, onExpiry } = body.value;
    const unknown = await this.#resources.refuseUnknown(items, req.body as object);
    if (unknown !== null) return refuse(unknown);
    const tenantId = tenant.value;
    const requestHash = requestHashOf({ tenantId, items, ttlSeconds, onExpiry });
    const request = { tenantId, reservationId, items, ttlSeconds, onExpiry, requestHash };
    return answerReserve(tenantId, await this.#engine.reserve(request, key));
  };

  lease = async (req: ApiRequest, key: Key): Promise<Answer> => {
    const body = readLeaseBody(req.body);
    if (!body.ok) return refuse(body.refusal);
    const tenant = tenantOf(req, key, body.value.tenantId);
    if (!tenant.ok) return refuse(tenant.refusal);
    const { reservationId, items } = body.value;
    const unknown = await this.#resources.refuseUnknown(items, req.body as object);
    if (unknown !== null) return refuse(unknown);
    const tenantId = tenant.value;
    const requestHash = requestHashOf({ tenantId, items, ttlSeconds: null });
    return answerLease(tenantId, await this.#engine.lease({ tenantId, reservationId, items, requestHash }, key));
  };

  patch = async (req: ApiRequest, key: Key): Promise<Answer> => {
    const id = readReservationId(pathParameter(req, "id"));
    if (!id.ok) return refuse(id.refusal);
    const body = readPatchBody(req.body);
    if (!body.ok) return refuse(body.refusal);
    const tenant = tenantOf(req, key, body.value.tenantId);
    if (!tenant.ok) return refuse(tenant.refusal);
    const { items = [] } = body.value;
    const unknown = await this.#resources.refuseUnknown(items, req.body as object);
    if (unknown !== null) return refuse(unknown);
    const named = { tenantId: tenant.value, reservationId: id.value, items };
    return answerPatch(
      body.value.action === "close"
        ? await this.#engine.close({ ...named, settle: body.value.settle }, key)
        : await this.#engine.extend({ ...named, ttlSeconds: body.value.ttlSeconds ?? null }, key),
    );
  };

  release = async (req: ApiRequest, key: Key): Promise<Answer> => {
    const id = readReservationId(pathParameter(req, "id"));
    if (!id.ok) return refuse(id.refusal);
    const body = readReleaseBody(req.body);
    if (!body.ok) return refuse(body.refusal);
    const tenant = tenantOf(req, key, body.value.tenantId);
    if (!tenant.ok) return refuse(tenant.refusal);
    return answerRelease(await this.#engine.release({ tenantId: tenant.value, reservationId: id.value }, key));
  };
}
