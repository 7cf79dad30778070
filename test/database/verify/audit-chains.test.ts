import { describe, expect, test } from "vitest";
import { verifyInvariants } from "#database/verify/verify";
import { auditDatabase } from "../audit/audit-database.ts";

interface Violation {
  readonly kind: string;
  readonly tenant_id: string;
  readonly key: string;
}

describe.each([18, 15] as const)("on Postgres %i", async (version) => {
  const { writer, admin, reader, chainOf, tamper } = await auditDatabase(version);

  /** What readers see after a whole round over all trails, however many passes that takes. */
  async function violationsAfterRound(): Promise<Violation[]> {
    let after: string;
    do {
      expect(await verifyInvariants(writer)).not.toBeNull();
      const { rows } = await admin.query<{ chains_after: string }>("select chains_after from quotel.verification");
      after = rows[0]!.chains_after;
    } while (after !== "");
    const { rows } = await reader.query<Violation>("select kind, tenant_id, key from public.invariant_violations");
    return rows;
  }

  test("L1: a trail that somebody changed behind the services' back is a violation until it is what it was", async () => {
    const changed = await chainOf(3);
    await chainOf(3);
    expect(await violationsAfterRound()).toEqual([]);
    const payload =
      "update quotel.audit_events set payload = replace(payload::text, $2, $3)::json where tenant_id = $1 and seq = 2";
    await tamper(payload, [changed, "trial became pro", "pro became trial"]);
    expect(await violationsAfterRound()).toEqual([
      { kind: "audit_chain", tenant_id: changed, key: "link 2: the payload was changed" },
    ]);
    await tamper(payload, [changed, "pro became trial", "trial became pro"]);
    expect(await violationsAfterRound()).toEqual([]);
  });

  test("L1: a row that is gone from the end of a trail is a violation, though nothing follows it", async () => {
    const tenantId = await chainOf(3);
    await tamper("delete from quotel.audit_events where tenant_id = $1 and seq = 3", [tenantId]);
    expect(await violationsAfterRound()).toEqual([
      { kind: "audit_chain", tenant_id: tenantId, key: "link 3: the last row is missing or changed" },
    ]);
    await tamper("delete from quotel.audit_events where tenant_id = $1", [tenantId]);
    await tamper("delete from quotel.audit_chains where tenant_id = $1", [tenantId]);
  });

  test("L1: a round reaches every trail, a pass looks at a bounded number of them, and a long one is looked at in one", async () => {
    const tenants = await Promise.all(Array.from({ length: 3 }, () => chainOf(2)));
    // As many links as a pass looks at, claimed by the first of them.
    await admin.query("update quotel.audit_chains set base_seq = base_seq - 30000 where tenant_id = $1", [tenants[0]]);
    await admin.query("update quotel.verification set chains_after = ''");
    const reached: string[] = [];
    for (;;) {
      await verifyInvariants(writer);
      const { rows } = await admin.query<{ chains_after: string }>("select chains_after from quotel.verification");
      if (rows[0]!.chains_after === "") break;
      reached.push(rows[0]!.chains_after);
    }
    const { rows } = await admin.query<{ tenant_id: string }>("select tenant_id from quotel.audit_chains order by 1");
    const inOrder = rows.map(({ tenant_id }) => tenant_id);
    expect(reached.at(-1)).toBe(inOrder.at(-1));
    // The long one is more than a pass looks at, so it ends one.
    expect(reached).toContain(tenants[0]);
  });
});
