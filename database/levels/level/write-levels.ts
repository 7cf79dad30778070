import type { ClientBase } from "pg";
import { plainArray, textArray } from "../../array-text.ts";
import { instantOfMicros } from "../../periods/instant.ts";
import { query } from "../../pool.ts";
import type { LevelKey } from "../metric-point.ts";
import type { LevelDay } from "./fold-level.ts";

/** Sets levels to what their last day ends with. Its caller holds their locks. */
export async function writeLevels(
  client: ClientBase,
  levels: readonly (LevelKey & { readonly day: LevelDay })[],
): Promise<void> {
  await query(client, {
    name: "write-levels",
    text: `
      update quotel.levels l set value = i.value, as_of = i.as_of
      from unnest($1::text[], $2::text[], $3::bigint[], $4::timestamptz[]) as i (tenant_id, resource, value, as_of)
      where l.tenant_id = i.tenant_id and l.resource = i.resource`,
    values: [
      textArray(levels.map(({ tenantId }) => tenantId)),
      textArray(levels.map(({ resource }) => resource)),
      plainArray(levels.map(({ day }) => day.value)),
      plainArray(levels.map(({ day }) => instantOfMicros(day.asOfMicros))),
    ],
  });
}
