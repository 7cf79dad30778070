import type { SpanProcessor } from "@opentelemetry/sdk-trace";
import {
  apiKeyMap,
  changeLevel,
  estimateTokens,
  firstOf,
  flush,
  recordUsage,
  reportLevel,
  setUser,
  tenantFrom,
  tenantFromHeader,
  withUsageEnforcement,
} from "@quotel/instrumentation";
import type { TenantResolver, TokenEstimate, UsageReport, UsageTracker } from "@quotel/instrumentation";
import { recordAudit } from "@quotel/instrumentation/audit";
import type { AuditDetails, ErrorAudit, TrialAudit } from "@quotel/instrumentation/audit";
import { requireFeature, requireMinimumPlan, withPlanRestrictions } from "@quotel/instrumentation/plans";
import type { PlanRestrictions, PlanVerdict } from "@quotel/instrumentation/plans";
import { meteringSpanProcessor } from "@quotel/instrumentation/span-processor";
import type { Request as ExpressRequest, RequestHandler } from "express";
import { expectTypeOf, test } from "vitest";

test("usage by hand is an event, an amount of a resource, or both, and never half an amount", () => {
  expectTypeOf<{ eventType: string }>().toExtend<UsageReport>();
  expectTypeOf<{ resource: string; amount: number; eventType: string }>().toExtend<UsageReport>();
  expectTypeOf<{ resource: string }>().not.toExtend<UsageReport>();
  expectTypeOf<{ eventType: string; amount: number }>().not.toExtend<UsageReport>();
  expectTypeOf<{ eventType: string; status: "maybe" }>().not.toExtend<UsageReport>();
});

test("what is said by hand gives nothing back that could be waited for", () => {
  expectTypeOf(recordUsage).returns.toEqualTypeOf<void>();
  expectTypeOf(reportLevel).returns.toEqualTypeOf<void>();
  expectTypeOf(changeLevel).returns.toEqualTypeOf<void>();
  expectTypeOf(setUser).returns.toEqualTypeOf<void>();
  expectTypeOf(recordAudit).returns.toEqualTypeOf<void>();
  expectTypeOf<UsageTracker["recordFailure"]>().toEqualTypeOf<(error?: unknown) => void>();
  expectTypeOf(flush).returns.toEqualTypeOf<Promise<boolean>>();
});

test("an estimate of tokens cannot be taken for a number, and says that it is one", () => {
  expectTypeOf(estimateTokens("text")).toEqualTypeOf<TokenEstimate>();
  expectTypeOf<TokenEstimate>().not.toExtend<number>();
  expectTypeOf<TokenEstimate["estimated"]>().toEqualTypeOf<true>();
});

test("resolvers that are ready-made are resolvers, and firstOf makes one of several", () => {
  const byHeader = tenantFromHeader("x-tenant-id");
  expectTypeOf(byHeader).toExtend<TenantResolver>();
  expectTypeOf(apiKeyMap({ key: "acme" })).toExtend<TenantResolver>();
  expectTypeOf(firstOf(byHeader, () => null)).toExtend<TenantResolver>();
});

test("tenantFrom is middleware that Express accepts for a request with what authentication adds", () => {
  type SignedIn = ExpressRequest & { readonly user?: { readonly org?: string } };
  expectTypeOf(tenantFrom((request: SignedIn) => request.user?.org)).toExtend<RequestHandler>();
});

test("wrapped fetch handlers keep their own kind of request and what else they are given", () => {
  interface NextLike extends Request {
    readonly nextUrl: URL;
  }
  const handle = (request: NextLike, context: { readonly id: string }) =>
    new Response(context.id + request.nextUrl.href);
  type Wrapped = (request: NextLike, context: { readonly id: string }) => Promise<Response>;
  expectTypeOf(withUsageEnforcement(handle)).toEqualTypeOf<Wrapped>();
  expectTypeOf(withPlanRestrictions(handle, { feature: "export" })).toEqualTypeOf<Wrapped>();
});

test("gates by plan are middleware that Express accepts, and a verdict may be none", () => {
  expectTypeOf(requireFeature("export")).toExtend<RequestHandler>();
  expectTypeOf(requireMinimumPlan("pro")).toExtend<RequestHandler>();
  expectTypeOf<PlanRestrictions["applyPlanRestrictions"]>().returns.resolves.toEqualTypeOf<PlanVerdict>();
  expectTypeOf<PlanVerdict["kind"]>().toEqualTypeOf<"allowed" | "refused" | "undecided">();
});

test("audit builders ask for what their event is about, and results are words of the conventions", () => {
  expectTypeOf<(typeof TrialAudit)["upgraded"]>()
    .parameter(1)
    .toExtend<{ readonly fromPlan: string; readonly toPlan: string }>();
  expectTypeOf<(typeof ErrorAudit)["quotaExceeded"]>().parameter(0).toEqualTypeOf<string>();
  expectTypeOf<{ result: "success" }>().toExtend<AuditDetails>();
  expectTypeOf<{ result: "fine" }>().not.toExtend<AuditDetails>();
  expectTypeOf<{ at: string }>().not.toExtend<AuditDetails>();
});

test("meteringSpanProcessor is a span processor to an SDK, without an import of one", () => {
  expectTypeOf(meteringSpanProcessor()).toExtend<SpanProcessor>();
});
