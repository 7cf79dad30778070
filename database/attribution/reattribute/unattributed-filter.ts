import { UNATTRIBUTED_TENANT } from "@quotel/conventions";
import { instantOfMs } from "../../periods/instant.ts";

/** Which events of `unattributed`. Instants in milliseconds; the infinities = no bound. */
export interface UnattributedFilter {
  /** By the claimed end: from, until (exclusive). */
  readonly fromMs: number;
  readonly untilMs: number;
  /** Values, as text, of entries of `detail` or else of columns. */
  readonly where: Readonly<Record<string, string>>;
}

/** Condition on `quotel.usage_events e`, with `filterValues` as parameters 1 to 4. What was moved on is left out. */
export const UNATTRIBUTED = `
  e.tenant_id = $1 and e.moved_to is null and e.ended_at >= $2 and e.ended_at < $3
  and e.event_day between ($2::timestamptz at time zone 'UTC')::date and ($3::timestamptz at time zone 'UTC')::date
  and not exists (
    select from jsonb_each_text($4::jsonb) w
    where coalesce(e.detail ->> w.key, to_jsonb(e) ->> w.key) is distinct from w.value)`;

export function filterValues({ fromMs, untilMs, where }: UnattributedFilter): unknown[] {
  return [UNATTRIBUTED_TENANT, instantOfMs(fromMs), instantOfMs(untilMs), JSON.stringify(where)];
}
