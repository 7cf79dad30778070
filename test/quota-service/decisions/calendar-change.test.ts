import { expect, test } from "vitest";
import { CALLER, startDecidingAndRecording } from "./deciding-and-recording.ts";

const { admin, engine } = await startDecidingAndRecording();

/** When a tenant's day ends, by a decision. */
async function dayEnds(tenantId: string): Promise<string | null> {
  const outcome = await engine.check({ tenantId, items: [{ resource: "tokens", amount: 1 }] }, CALLER);
  expect(outcome.kind).toBe("decided");
  return "decision" in outcome ? outcome.decision.items[0]!.resetsAt : null;
}

test("I7: a calendar that begins today cuts the running day short for the very next decision", async () => {
  await admin.query("insert into quotel.plans (plan_id, version) values ('daily', 1)");
  await admin.query(
    "insert into quotel.plan_limits (plan_id, version, resource, period, amount) values ('daily', 1, 'tokens', 'day', 10)",
  );
  await admin.query("insert into quotel.tenants (tenant_id, plan_id) values ('acme', 'daily')");
  const before = await dayEnds("acme");
  const begins = new Date(Date.now() + 1_000).toISOString();
  await admin.query(
    "insert into quotel.tenant_calendars (tenant_id, effective_from, zone, anchor_day) values ('acme', $1, 'UTC', 1)",
    [begins],
  );
  expect(await dayEnds("acme")).toBe(begins);
  expect(before).not.toBe(begins);
});
