import type { ClientBase } from "pg";
import { instantArray, plainArray, textArray } from "../array-text.ts";
import { instantOfMs } from "../periods/instant.ts";
import type { TenantDay } from "../periods/tenant-day.ts";
import { query } from "../pool.ts";
import { KINDS_OF_CHAINS, KINDS_OF_DATABASE, KINDS_OF_DAYS, KINDS_OF_TENANTS } from "./finding.ts";
import type { Finding } from "./finding.ts";

/** What a pass looked at; it also looked at the database as a whole. */
export interface LookedAt {
  readonly days: readonly TenantDay[];
  readonly tenantIds: readonly string[];
  /** Whose audit trails. */
  readonly chains: readonly string[];
}

/** Writes what was found; what was found before keeps the instant at which it was seen first. */
export async function writeFindings(client: ClientBase, findings: readonly Finding[]): Promise<void> {
  if (findings.length === 0) return;
  await query(client, {
    name: "write-findings",
    text: `
      insert into quotel.invariant_findings as f (
        kind, tenant_id, key, day_start, expected, found, first_seen_at, seen_at)
      select distinct on (kind, tenant_id, key) kind, tenant_id, key, day_start, expected, found, now(), now()
      from unnest($1::text[], $2::text[], $3::text[], $4::timestamptz[], $5::bigint[], $6::bigint[])
        as n (kind, tenant_id, key, day_start, expected, found)
      on conflict (kind, tenant_id, key) do update set
        expected = excluded.expected, found = excluded.found, seen_at = excluded.seen_at,
        first_seen_at = case when f.cleared_at is null then f.first_seen_at else excluded.first_seen_at end,
        cleared_at = null`,
    values: [
      textArray(findings.map(({ kind }) => kind)),
      textArray(findings.map(({ tenantId }) => tenantId)),
      textArray(findings.map(({ key }) => key)),
      plainArray(findings.map(({ dayStartMs }) => (dayStartMs === null ? null : instantOfMs(dayStartMs)))),
      plainArray(findings.map(({ expected }) => expected)),
      plainArray(findings.map(({ found }) => found)),
    ],
  });
}

/** Clears what was found before in the places that this pass (the transaction) looked at and not again. */
export async function clearFindings(client: ClientBase, { days, tenantIds, chains }: LookedAt): Promise<void> {
  await query(client, {
    name: "clear-findings",
    text: `
      update quotel.invariant_findings set cleared_at = now()
      where cleared_at is null and seen_at < now()
        and (kind = any ($1::text[])
          or kind = any ($2::text[]) and tenant_id = any ($3::text[])
          or kind = any ($4::text[]) and (tenant_id, day_start) in (select * from unnest($5::text[], $6::timestamptz[]))
          or kind = any ($7::text[]) and tenant_id = any ($8::text[]))`,
    values: [
      textArray(KINDS_OF_DATABASE),
      textArray(KINDS_OF_TENANTS),
      textArray(tenantIds),
      textArray(KINDS_OF_DAYS),
      textArray(days.map((day) => day.tenantId)),
      instantArray(days.map((day) => day.dayStartMs)),
      textArray(KINDS_OF_CHAINS),
      textArray(chains),
    ],
  });
}
