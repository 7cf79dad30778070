import type { ClientBase, Pool } from "pg";
import { query } from "../pool.ts";
import { inTransaction } from "../transaction.ts";
import { checkAttribution } from "./checks/check-attribution.ts";
import { checkAuditChains } from "./checks/check-audit-chains.ts";
import { checkFolding } from "./checks/check-folding.ts";
import { checkHolds } from "./checks/check-holds.ts";
import { checkIdentities } from "./checks/check-identities.ts";
import { checkRollups } from "./checks/check-rollups.ts";
import { checkSigns } from "./checks/check-signs.ts";
import { checkTotals } from "./checks/check-totals.ts";
import { chooseChains } from "./choose-chains.ts";
import { chooseDays, markVerified } from "./choose-days.ts";
import { chooseTenants } from "./choose-tenants.ts";
import type { Finding } from "./finding.ts";
import { touchClaimedDays } from "./touch-claimed-days.ts";
import { clearFindings, writeFindings } from "./write-findings.ts";

/** What one pass came to. */
export interface Verified {
  readonly days: number;
  readonly tenants: number;
  /** How long the change that was looked at and had waited longest had waited; 0 = nothing had changed. */
  readonly waitedMs: number;
  readonly findings: readonly Finding[];
}

/**
 * One pass of the background verifier: looks at what changed since it was last looked at, within bounds, writes what it
 * finds where `public.invariant_violations` shows it, and clears what is not so any more. Each check is one statement and
 * so compares within one snapshot; traffic goes on meanwhile and waits for nothing. Any number of processes may call it:
 * one does, the others see that and leave.
 *
 * @param restMs leaves it at that, too, when the last pass, whosever it was, ended less than this ago
 * @returns null when somebody else is at it, or has just been
 */
export async function verifyInvariants(pool: Pool, restMs = 0): Promise<Verified | null> {
  await touchClaimedDays(pool);
  return inTransaction(pool, async (client) => {
    if (!(await tryLockVerifier(client, restMs))) return null;
    const days = await chooseDays(client);
    const tenantIds = [...new Set([...(await chooseTenants(client)), ...days.map((day) => day.tenantId)])];
    const findings: Finding[] = [];
    for (const check of [checkRollups, checkTotals, checkIdentities, checkAttribution])
      findings.push(...(await check(client, days)));
    for (const check of [checkHolds, checkSigns]) findings.push(...(await check(client, tenantIds)));
    const chains = await chooseChains(client);
    findings.push(...(await checkAuditChains(client, chains)));
    findings.push(...(await checkFolding(client)));
    await writeFindings(client, findings);
    await clearFindings(client, { days, tenantIds, chains });
    await query(client, { name: "end-pass", text: "update quotel.verification set passed_at = clock_timestamp()" });
    // Last, because folding waits for these rows.
    await markVerified(client, days);
    const waitedMs = Math.max(0, ...days.map((day) => day.waitedMs));
    return { days: days.length, tenants: tenantIds.length, waitedMs, findings };
  });
}

/** Held to the end of the transaction. */
async function tryLockVerifier(client: ClientBase, restMs: number): Promise<boolean> {
  const { rows } = await query<{ locked: boolean }>(client, {
    name: "try-lock-verifier",
    text: `
      select clock_timestamp() >= passed_at + $1 * interval '1 millisecond'
        and pg_try_advisory_xact_lock(hashtextextended('quotel.verifier', 0)) as locked
      from quotel.verification`,
    values: [restMs],
  });
  return rows[0]!.locked;
}
