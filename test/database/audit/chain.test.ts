import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { appendAuditEvents } from "#database/audit/append-audit-events";
import { inTransaction } from "#database/transaction";
import { append, auditDatabase, newTenant } from "./audit-database.ts";
import { auditEventOf } from "./audit-event-of.ts";

describe.each([18, 15] as const)("on Postgres %i", async (version) => {
  const { writer, admin, reader, broken, tamper, chainOf, eventIds } = await auditDatabase(version);

  test("I1: repeated, shuffled and split over writers at once, every audit event is in its tenant's chain once and the chain is whole", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.array(fc.tuple(fc.nat(1), fc.nat(15)), { minLength: 1, maxLength: 10 }), {
          minLength: 1,
          maxLength: 8,
        }),
        async (batches) => {
          const names = [newTenant(), newTenant()];
          const events = batches.map((batch) =>
            batch.map(([t, id]) => auditEventOf(`event-${id}`, { tenantId: names[t]! })),
          );
          const counts = await Promise.all(events.map((batch) => append(writer, batch)));
          for (const name of names) {
            const distinct = new Set(
              events.flat().flatMap(({ tenantId, auditId }) => (tenantId === name ? [auditId] : [])),
            );
            const { rows } = await admin.query(
              "select seq, audit_id from public.audit_events where tenant_id = $1 order by seq",
              [name],
            );
            expect(new Set(rows.map((row) => row.audit_id))).toEqual(distinct);
            expect(rows.map((row) => row.seq)).toEqual(rows.map((_, i) => i + 1));
            expect(await broken(name)).toBeUndefined();
          }
          const total = counts.reduce((sum, { appended, duplicate }) => sum + appended.length + duplicate, 0);
          expect(total).toBe(events.flat().length);
        },
      ),
      { numRuns: 20 },
    );
  });

  test("an event is shown as it was recorded, with whatever text it holds made storable", async () => {
    const tenantId = newTenant();
    await append(writer, [
      auditEventOf("a", { tenantId, summary: "nul\0 and \ud800", metadata: { "k\0": ["\udfff"] } }),
    ]);
    const { rows } = await reader.query("select * from public.audit_events where tenant_id = $1", [tenantId]);
    expect(rows).toMatchObject([
      {
        event_type: "plan.changed",
        occurred_at: new Date(1_790_000_000_123),
        entity_id: "pro",
        actor_type: "admin",
        actor_id: "ann@example.com",
        old_values: { plan: "trial" },
        new_values: { plan: "pro", seats: [1, 2] },
        summary: "nul\uFFFD and \uFFFD",
        metadata: { "k\uFFFD": ["\uFFFD"] },
        result: "success",
        error: null,
        resolved_at: null,
      },
    ]);
  });

  test("an event under a known id that says something else is reported, and the first stays", async () => {
    const tenantId = await chainOf(1);
    const other = auditEventOf("event-0", { tenantId, summary: "something else" });
    const again = auditEventOf("event-0", { tenantId, producer: "another key" });
    expect(await append(writer, [other, again])).toEqual({ appended: [], duplicate: 1, conflicting: [other] });
    expect(await broken(tenantId)).toBeUndefined();
  });

  test("an audit event commits with the change it records, or not at all", async () => {
    const tenantId = newTenant();
    const failing = inTransaction(writer, async (client) => {
      await appendAuditEvents(client, [auditEventOf("a", { tenantId })]);
      throw new Error("the change failed");
    });
    await expect(failing).rejects.toThrow("the change failed");
    expect(await eventIds(tenantId)).toEqual([]);
    expect(await append(writer, [auditEventOf("a", { tenantId })])).toMatchObject({ appended: [{ auditId: "a" }] });
  });

  test.each([
    [
      "a payload",
      `update quotel.audit_events set payload = '{"summary":"nothing happened"}' where tenant_id = $1 and seq = 2`,
      2,
    ],
    [
      "a time",
      "update quotel.audit_events set recorded_at = recorded_at - interval '1 day' where tenant_id = $1 and seq = 2",
      2,
    ],
    [
      "a payload with its hash",
      "update quotel.audit_events set payload = '{}', payload_hash = sha256('{}') where tenant_id = $1 and seq = 2",
      2,
    ],
    [
      "a whole link",
      `update quotel.audit_events e set payload = '{}', payload_hash = sha256('{}'),
        hash = quotel.audit_link(prev_hash, seq, event_id, recorded_at, sha256('{}')) where tenant_id = $1 and seq = 2`,
      3,
    ],
    ["a row in the middle, by removing it,", "delete from quotel.audit_events where tenant_id = $1 and seq = 2", 3],
    ["the first row, by removing it,", "delete from quotel.audit_events where tenant_id = $1 and seq = 1", 2],
    ["the last row, by removing it,", "delete from quotel.audit_events where tenant_id = $1 and seq = 3", 3],
    ["everything, by removing it,", "delete from quotel.audit_events where tenant_id = $1", 3],
  ])("a superuser who changes %s behind the triggers is found out", async (_, statement, seq) => {
    const tenantId = await chainOf(3);
    expect(await broken(tenantId)).toBeUndefined();
    await tamper(statement, [tenantId]);
    expect(await broken(tenantId)).toMatchObject({ seq });
  });
});
