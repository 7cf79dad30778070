import type { ClientBase } from "pg";
import { instantArray, plainArray, textArray } from "../array-text.ts";
import { query } from "../pool.ts";
import { KEPT_PER_MINUTE } from "./denial.ts";
import type { DeniedDecision } from "./denial.ts";

/**
 * Keeps denials whole, each in the next free place of its tenant, resource and minute; past the last place they are
 * dropped. The places are part of the key, so two instances together never keep more than there are places.
 */
export async function keepDeniedDecisions(client: ClientBase, denied: readonly DeniedDecision[]): Promise<void> {
  if (denied.length === 0) return;
  await query(client, {
    name: "keep-denied-decisions",
    text: `
      insert into quotel.denied_decisions (tenant_id, resource, minute, place, decision_id, decision)
      select tenant_id, resource, minute, place, decision_id, decision
      from (
        select i.tenant_id, i.resource, i.minute, i.decision_id, i.decision::json as decision,
          row_number() over (partition by i.tenant_id, i.resource, i.minute order by i.position) + (
            select count(*) from quotel.denied_decisions d
            where d.tenant_id = i.tenant_id and d.resource = i.resource and d.minute = i.minute) as place
        from unnest($1::text[], $2::text[], $3::timestamptz[], $4::uuid[], $5::text[]) with ordinality
          as i (tenant_id, resource, minute, decision_id, decision, position)
      ) placed
      where place <= $6
      order by tenant_id, resource, minute, place
      on conflict (tenant_id, resource, minute, place) do nothing`,
    values: [
      textArray(denied.map((it) => it.decision.tenantId)),
      textArray(denied.map((it) => it.resource)),
      instantArray(denied.map((it) => it.minuteMs)),
      plainArray(denied.map((it) => it.decision.decisionId)),
      textArray(denied.map((it) => JSON.stringify(it.decision))),
      KEPT_PER_MINUTE,
    ],
  });
}
