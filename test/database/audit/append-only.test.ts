import { describe, expect, test } from "vitest";
import { insertQuarantine } from "#database/quarantine/insert-quarantine";
import { setAsideAudit } from "#database/quarantine/set-aside";
import { inTransaction } from "#database/transaction";
import { append, auditDatabase } from "./audit-database.ts";
import { auditEventOf } from "./audit-event-of.ts";

describe.each([18, 15] as const)("on Postgres %i", async (version) => {
  const { writer, admin, owner, tenant, reader, broken, tamper, chainOf, eventIds } = await auditDatabase(version);

  test("nobody updates, deletes or truncates audit events: not the services' role, not the owner, not a superuser", async () => {
    await chainOf(1);
    for (const statement of [
      "update quotel.audit_events set payload = '{}'",
      "delete from quotel.audit_events",
      "truncate quotel.audit_events",
    ]) {
      await expect(writer.query(statement)).rejects.toThrow(/permission denied/);
      await expect(owner.query(statement)).rejects.toThrow(/append-only/);
      await expect(admin.query(statement)).rejects.toThrow(/append-only/);
    }
    await expect(
      inTransaction(owner, async (client) => {
        await client.query("set local quotel.audit_change = 'cleanup'");
        await client.query("delete from quotel.audit_events");
      }),
    ).rejects.toThrow(/append-only/);
  });

  test("erasing a person's data leaves who, where and what was said out, and the chain whole", async () => {
    const tenantId = await chainOf(3);
    const [, second] = await eventIds(tenantId);
    await writer.query("select public.resolve_audit_event($1, 'called Ann')", [second]);
    const erase = "select quotel.erase_audit_events($1, array[$2]::uuid[]) as erased";
    expect((await writer.query(erase, [tenantId, second])).rows).toEqual([{ erased: 1 }]);
    expect((await writer.query(erase, [tenantId, second])).rows).toEqual([{ erased: 0 }]);
    expect(await broken(tenantId)).toBeUndefined();
    const { rows } = await admin.query(
      "select a.*, e.payload::text from public.audit_events a join quotel.audit_events e using (tenant_id, seq) where tenant_id = $1 and seq = 2",
      [tenantId],
    );
    expect(rows).toMatchObject([
      { event_type: "plan.changed", action: "changed", actor_type: "admin", actor_id: null, resolution_note: null },
    ]);
    expect(rows[0].payload).not.toMatch(/ann|192\.0\.2\.7|trial|salt/);
    expect(await append(writer, [auditEventOf("event-1", { tenantId })])).toMatchObject({ appended: [], duplicate: 1 });
  });

  test("erasing a person's data leaves nothing of it in quarantine either, where something contradicted it", async () => {
    const tenantId = await chainOf(2);
    const contradicting = ["event-1", "event-2"].map((id) =>
      setAsideAudit({ ...auditEventOf(id, { tenantId }), summary: `Ann of ${id}` }, "conflict"),
    );
    await insertQuarantine(writer, contradicting);
    const { rows: ids } = await admin.query<{ event_id: string }>(
      "select event_id from quotel.audit_events where tenant_id = $1 and payload ->> 'auditId' = 'event-1'",
      [tenantId],
    );
    expect(ids).toHaveLength(1);
    await writer.query("select quotel.erase_audit_events($1, array[$2]::uuid[])", [tenantId, ids[0]!.event_id]);
    const { rows } = await admin.query(
      `select payload ->> 'summary' as summary, resolution, discard_reason from quotel.quarantine
       where tenant_id = $1 order by 1`,
      [tenantId],
    );
    expect(rows).toEqual([
      { summary: "Ann of event-2", resolution: null, discard_reason: null },
      { summary: null, resolution: "discarded", discard_reason: "the event it contradicts was erased" },
    ]);
  });

  test("events are removed after two years, and what remains still verifies and goes on", async () => {
    const tenantId = await chainOf(2);
    await tamper(`update quotel.audit_events set recorded_at = recorded_at - interval '3 years' where tenant_id = $1`, [
      tenantId,
    ]);
    await tamper(
      `update quotel.audit_chains set last_recorded_at = last_recorded_at - interval '3 years' where tenant_id = $1`,
      [tenantId],
    );
    await append(writer, [auditEventOf("event-9", { tenantId })]);
    expect((await writer.query("select public.cleanup_old_audit_events() as deleted")).rows).toEqual([{ deleted: 2 }]);
    expect((await writer.query("select public.cleanup_old_audit_events() as deleted")).rows).toEqual([{ deleted: 0 }]);
    expect(await eventIds(tenantId)).toHaveLength(1);
    expect(await broken(tenantId)).toBeUndefined();
    await append(writer, [auditEventOf("event-10", { tenantId })]);
    expect(await broken(tenantId)).toBeUndefined();
  });

  test("resolving an event notes it beside the event; an unknown one says so", async () => {
    const tenantId = await chainOf(1);
    const [id] = await eventIds(tenantId);
    const resolve = "select public.resolve_audit_event($1, $2) as found";
    expect((await writer.query(resolve, [id, "first look"])).rows).toEqual([{ found: true }]);
    expect((await writer.query(resolve, [id, "it was a drill"])).rows).toEqual([{ found: true }]);
    expect((await writer.query(resolve, ["0198a000-0000-7000-8000-000000000001", "x"])).rows).toEqual([
      { found: false },
    ]);
    const { rows } = await reader.query("select resolution_note from public.audit_events where tenant_id = $1", [
      tenantId,
    ]);
    expect(rows).toEqual([{ resolution_note: "it was a drill" }]);
    expect(await broken(tenantId)).toBeUndefined();
  });

  test("I13: a tenant sees its own audit events and levels, nobody's where none is set, and calls no function of the owner", async () => {
    const tenantId = await chainOf(1);
    await chainOf(1);
    await owner.query(
      `insert into quotel.level_days (tenant_id, resource, day_start, month_start, value, as_of, high_water, state)
      values ($1, 'members', now(), now(), 1, now(), 1, '{}'), ($1 || 'x', 'members', now(), now(), 1, now(), 1, '{}')`,
      [tenantId],
    );
    const seen = (view: string, as: string): Promise<unknown[]> =>
      inTransaction(tenant, async (client) => {
        await client.query("select set_config('quotel.tenant_id', $1, true)", [as]);
        return (await client.query(`select tenant_id from public.${view}`)).rows;
      });
    for (const view of ["audit_events", "usage_levels", "usage_levels_daily"]) {
      expect(await seen(view, tenantId)).toEqual([{ tenant_id: tenantId }]);
      expect(await seen(view, "")).toEqual([]);
    }
    for (const call of ["public.cleanup_old_audit_events()", `public.resolve_audit_event(gen_random_uuid(), '')`]) {
      await expect(tenant.query(`select ${call}`)).rejects.toThrow(/permission denied/);
      await expect(reader.query(`select ${call}`)).rejects.toThrow(/permission denied/);
    }
  });
});
