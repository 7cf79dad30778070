import type { ClientBase } from "pg";
import { textArray } from "../../array-text.ts";
import { query } from "../../pool.ts";
import { findingOf } from "../finding.ts";
import type { Finding, FindingRow } from "../finding.ts";

/** Audit trails that are not what they were when they were written (L1): the first place in each, as one finding. */
export async function checkAuditChains(client: ClientBase, tenantIds: readonly string[]): Promise<Finding[]> {
  const { rows } = await query<FindingRow>(client, {
    name: "check-audit-chains",
    text: `
      select asked.tenant_id, null as day_start_ms, format('link %s: %s', broken.seq, broken.problem) as key,
        0 as expected, 1 as found
      from unnest($1::text[]) as asked (tenant_id)
      cross join lateral quotel.verify_audit_chain(asked.tenant_id) broken`,
    values: [textArray(tenantIds)],
  });
  return rows.map((row) => findingOf("audit_chain", row));
}
