import type { Pool } from "pg";
import { countUnattributed } from "#database/attribution/reattribute/count-unattributed";
import { moveUnattributed } from "#database/attribution/reattribute/move-unattributed";
import { ResourceNames } from "#database/resources/resource-names";
import { readTenants } from "#database/tenants/read-tenants";
import type { ReattributeRequest } from "./arguments.ts";

export type ReattributeResult =
  | { readonly kind: "unknown_tenant" }
  /** Some of the events are on days whose ledger is not complete any more; nothing was moved. */
  | { readonly kind: "sealed"; readonly events: number }
  | { readonly kind: "would_move"; readonly events: number }
  | { readonly kind: "moved"; readonly moved: number; readonly known: number };

/**
 * Gives events of `unattributed` to a tenant, chunk by chunk, while traffic goes on; broken off, it can be run again and
 * does the rest. Rows that come in while it runs are left for the next time.
 *
 * @param onProgress told how many of how many events are done
 */
export async function reattribute(
  pool: Pool,
  { tenantId, filter, dryRun }: ReattributeRequest,
  onProgress: (done: number, total: number) => void = () => {},
): Promise<ReattributeResult> {
  if (!(await readTenants(pool, [tenantId])).has(tenantId)) return { kind: "unknown_tenant" };
  const groups = await countUnattributed(pool, filter);
  const total = groups.reduce((sum, { events }) => sum + events, 0);
  const sealed = groups.reduce((sum, group) => sum + group.sealed, 0);
  if (sealed > 0) return { kind: "sealed", events: sealed };
  if (dryRun) return { kind: "would_move", events: total };
  const names = new ResourceNames(pool);
  const to = { tenantId, capped: names.capped.bind(names) };
  let [moved, known] = [0, 0];
  for (const group of groups) {
    for (;;) {
      const chunk = await moveUnattributed(pool, group, filter, to);
      if (chunk === null) break;
      moved += chunk.moved;
      known += chunk.known;
      onProgress(moved, total);
    }
  }
  return { kind: "moved", moved, known };
}
