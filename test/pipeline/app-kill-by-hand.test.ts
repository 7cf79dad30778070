import { expect, test } from "vitest";
import { driftFromLedger } from "../database/record/usage-oracle.ts";
import { ROUNDS } from "./faults/rounds.ts";
import { startKilledApp } from "./processes/killed-app.ts";

const KILLS = 4 * ROUNDS;

const { admin, liveAndDie } = await startKilledApp({
  tenants: "said",
  callsMax: 20_000,
  file: new URL("./processes/reporting-app.ts", import.meta.url),
});

/** What one call says: usage of 3, a level 2 higher, one audit event, and the request itself. */
const SAID_ONCE = { minutes: 3, level: 2, audits: 1, requests: 1 };

/** What Postgres has of each tenant's one call. */
async function recorded(): Promise<Map<string, typeof SAID_ONCE>> {
  const { rows } = await admin.query<typeof SAID_ONCE & { tenant: string }>(`
    select tenant_id as tenant, coalesce(minutes, 0)::bigint as minutes, coalesce(requests, 0)::bigint as requests,
      coalesce(level, 0)::bigint as level, coalesce(audits, 0)::bigint as audits
    from (
      select tenant_id, sum(amount) filter (where resource = 'agent_minutes') as minutes,
        count(*) filter (where event_type = 'api_call') as requests
      from quotel.usage_events group by 1
    ) usage
    full join (select tenant_id, value as level from quotel.levels where resource = 'channels') levels using (tenant_id)
    full join (select tenant_id, count(*) as audits from quotel.audit_events where event_type = 'team.joined' group by 1)
      audit using (tenant_id)
    where tenant_id like 'said-%'`);
  return new Map(rows.map(({ tenant, ...said }) => [tenant, said]));
}

test(
  "I1: usage, levels and audit events said by an app that is killed at random points are all there once it runs again, none twice",
  async () => {
    const certain = await liveAndDie(KILLS, ["away", "open", "deaf"]);
    const said = await recorded();
    expect(certain.map((tenant) => [tenant, said.get(tenant)])).toEqual(certain.map((tenant) => [tenant, SAID_ONCE]));
    for (const [tenant, { minutes, level, audits, requests }] of said) {
      expect([0, 3], tenant).toContain(minutes);
      expect([0, 2], tenant).toContain(level);
      expect(audits, tenant).toBeLessThanOrEqual(1);
      expect(requests, tenant).toBeLessThanOrEqual(1);
    }
    expect(await driftFromLedger(admin)).toEqual([]);
  },
  90_000 + 15_000 * ROUNDS,
);
