import type { AddressInfo } from "node:net";
import express from "express";
import { Hono } from "hono";
import { afterAll, expect, test } from "vitest";

import { QuotaClient, withTenant } from "@quotel/instrumentation";
import {
  PlanRestrictions,
  requireFeature,
  requireMinimumPlan,
  withPlanRestrictions,
} from "@quotel/instrumentation/plans";
import { TOKENS, startTestService } from "../quota-service/running-service.ts";

const service = await startTestService();
afterAll(service.stop);

const clientOf = (url: string) => new QuotaClient({ url, serviceKey: TOKENS.service, timeoutMs: 5_000 }, {});
const plans = new PlanRestrictions(clientOf(service.url));
const nobodyAnswers = new PlanRestrictions(clientOf("http://127.0.0.1:9"));

const app = express();
app.use((req, _res, next) => {
  const tenantId = req.headers["x-tenant-id"];
  if (typeof tenantId === "string") withTenant(tenantId, () => next());
  else next();
});
const answer: express.RequestHandler = (_req, res) => void res.send("ok");
app.get("/trial", requireMinimumPlan("trial", { plans }), answer);
app.get("/pro", requireMinimumPlan("pro", { plans }), answer);
app.get("/sso", requireFeature("sso", { plans }), answer);
app.get("/open", requireFeature("sso", { plans: nobodyAnswers }), answer);
app.get("/closed", requireFeature("sso", { plans: nobodyAnswers, failMode: "closed" }), answer);
const server = app.listen(0, "127.0.0.1");
afterAll(() => void server.close());

async function get(path: string, tenantId: string | null): Promise<unknown[]> {
  const { port } = server.address() as AddressInfo;
  const headers = tenantId === null ? {} : { "x-tenant-id": tenantId };
  const response = await fetch(`http://127.0.0.1:${port}${path}`, { headers });
  const text = await response.text();
  return [response.status, text.startsWith("{") ? (JSON.parse(text) as { error: { code: string } }).error.code : text];
}

test.each([
  ["/trial", "acme", 200, "ok"],
  ["/pro", "acme", 403, "PLAN_TOO_LOW"],
  ["/sso", "acme", 403, "FEATURE_NOT_IN_PLAN"],
  ["/trial", null, 401, "TENANT_REQUIRED"],
  ["/open", "acme", 200, "ok"],
  ["/closed", "acme", 503, "QUOTA_UNAVAILABLE"],
])(
  "Q9: middleware holds an Express app's tenants to their plans: %s of %s is %i",
  async (path, tenantId, status, said) => {
    expect(await get(path, tenantId)).toEqual([status, said]);
  },
);

test("Q9: a fetch handler, under Hono or by itself, runs only for plans that have what it needs", async () => {
  const tenant = (request: Request) => request.headers.get("x-tenant-id");
  const handlerFor = (minimumPlan: string) =>
    withPlanRestrictions(
      (request: Request) => new Response(new URL(request.url).pathname),
      { minimumPlan },
      { plans, tenant },
    );
  const hono = new Hono();
  hono.get("/reports", (context) => handlerFor("pro")(context.req.raw));
  hono.get("/notes", (context) => handlerFor("trial")(context.req.raw));
  const headers = { "x-tenant-id": "acme" };
  const [refused, served] = [await hono.request("/reports", { headers }), await hono.request("/notes", { headers })];
  expect([refused.status, await refused.json()]).toEqual([
    403,
    { error: { code: "PLAN_TOO_LOW", message: "This needs a higher plan" } },
  ]);
  expect([served.status, await served.text()]).toEqual([200, "/notes"]);
  const more = withPlanRestrictions(
    () => new Response("ran"),
    { items: [{ resource: "tokens", amount: 10_001 }] },
    { plans, tenant },
  );
  expect((await more(new Request("http://app/", { headers }))).status).toBe(403);
});
