import type { ClientBase, Pool } from "pg";
import type { LimitDefinition } from "../plans/catalogue.ts";
import { LIMIT_COLUMNS } from "../plans/limit-columns.ts";
import { query } from "../pool.ts";
import type { LimitOverride, OverrideState } from "./limit-override.ts";

interface Row extends LimitDefinition {
  readonly override_id: string;
  readonly state: OverrideState;
  readonly valid_from: Date;
  readonly valid_until: Date | null;
  readonly reason: string;
  readonly actor: string;
  readonly created_at: Date;
  readonly revoked_at: Date | null;
  readonly revoked_by: string | null;
}

/** Every override that a tenant has or had, the one made last first, each as it stands at the database's clock. */
export async function listOverrides(on: ClientBase | Pool, tenantId: string): Promise<LimitOverride[]> {
  const { rows } = await query<Row>(on, {
    name: "list-overrides",
    text: `
      with known as (
        select o.*,
          case
            when revoked_at is not null then 'revoked'
            when valid_until <= clock.now then 'ended'
            when valid_from > clock.now then 'scheduled'
            else 'in_force'
          end as state
        from quotel.limit_overrides o, (select clock_timestamp() as now) clock
        where tenant_id = $1
      ), ranked as (
        select *, row_number() over (
          partition by resource, period, state order by created_at desc, override_id desc) as place
        from known
      )
      select
        override_id, ${LIMIT_COLUMNS},
        case when state = 'in_force' and place > 1 then 'superseded' else state end as state,
        valid_from, valid_until, reason, actor, created_at, revoked_at, revoked_by
      from ranked
      order by created_at desc, override_id desc`,
    values: [tenantId],
  });
  return rows.map((row) => overrideOf(tenantId, row));
}

function overrideOf(tenantId: string, row: Row): LimitOverride {
  const { override_id, state, valid_from, valid_until, reason, actor, created_at, revoked_at, revoked_by, ...limit } =
    row;
  return {
    tenantId,
    overrideId: override_id,
    state,
    limit,
    validFromMs: valid_from.getTime(),
    validUntilMs: valid_until?.getTime() ?? null,
    reason,
    actor,
    createdAtMs: created_at.getTime(),
    revokedAtMs: revoked_at?.getTime() ?? null,
    revokedBy: revoked_by,
  };
}
