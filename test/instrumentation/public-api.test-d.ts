import type { CheckRequest, Decision, ReservationDecision, ReserveRequest } from "@quotel/conventions";
import { enforceQuota } from "@quotel/instrumentation/express";
import type { JwtOptions } from "@quotel/instrumentation/jwt";
import type { Admission, LeasedQuota, QuotaClient } from "@quotel/instrumentation";
import { setTenant, setTenantResolver, withTenant } from "@quotel/instrumentation";
import type { RequestHandler } from "express";
import { expectTypeOf, test } from "vitest";

test("enforceQuota() is a middleware that Express accepts", () => {
  expectTypeOf(enforceQuota()).toExtend<RequestHandler>();
  expectTypeOf(enforceQuota({ denyStatus: 403 })).toExtend<RequestHandler>();
  // @ts-expect-error: an end user is told 429 or 403
  enforceQuota({ denyStatus: 500 });
});

test("withTenant gives back what the function returns, with its type", () => {
  expectTypeOf(withTenant("acme", () => 42)).toEqualTypeOf<number>();
  expectTypeOf(withTenant("acme", async () => "done")).toEqualTypeOf<Promise<string>>();
  expectTypeOf(setTenant).parameter(0).toEqualTypeOf<string>();
  expectTypeOf(setTenantResolver).returns.toEqualTypeOf<void>();
});

test("a given key names its algorithms, and that issuer and audience are not looked at has to be said", () => {
  const expected = { claim: "org_id", issuer: "https://login", audience: null } as const;
  const key = new Uint8Array(32);
  expectTypeOf({ ...expected, key, algorithms: ["HS256"] }).toExtend<JwtOptions>();
  expectTypeOf({ ...expected, jwksUrl: "https://login/jwks" }).toExtend<JwtOptions>();
  expectTypeOf({ ...expected, key }).not.toExtend<JwtOptions>();
  expectTypeOf({ claim: "org_id", jwksUrl: "https://login/jwks" }).not.toExtend<JwtOptions>();
});

test("a quota client answers with the decisions of the HTTP API", () => {
  expectTypeOf<Parameters<QuotaClient["check"]>[0]>().toEqualTypeOf<CheckRequest>();
  expectTypeOf<Awaited<ReturnType<QuotaClient["check"]>>>().toExtend<{ readonly kind: string }>();
});

test("a request names one resource or several items, never both shapes half", () => {
  expectTypeOf<{ tenantId: string; resource: string; amount: number }>().toExtend<CheckRequest>();
  expectTypeOf<{ tenantId: string; items: { resource: string; amount: number }[] }>().toExtend<CheckRequest>();
  expectTypeOf<{ tenantId: string; resource: string }>().not.toExtend<CheckRequest>();
  expectTypeOf<{ tenantId: string; resource: string; amount: number }>().not.toExtend<ReserveRequest>();
});

test("a reservation's decision is a decision with grants", () => {
  expectTypeOf<ReservationDecision["items"][number]>().toExtend<Decision["items"][number] & { granted: number }>();
  expectTypeOf<Decision["mode"]>().toEqualTypeOf<"strict" | "fail_open" | "fail_closed">();
});

test("a lease answers at once, and what it does not cover is undefined, never a denial", () => {
  expectTypeOf<ReturnType<LeasedQuota["take"]>>().toEqualTypeOf<Admission | undefined>();
  expectTypeOf<Awaited<ReturnType<LeasedQuota["admit"]>>["kind"]>().toEqualTypeOf<"admitted" | "denied" | "rejected">();
});
