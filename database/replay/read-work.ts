import type { ClientBase } from "pg";
import { instantOfMs } from "../periods/instant.ts";
import { query } from "../pool.ts";
import { recordedUsage } from "./recorded-usage.ts";
import type { Work } from "./work.ts";

const ROWS_PER_FETCH = 2_000;

/** Which usage: of these resources, accounted in [fromMs, toMs). */
export interface WorkRange {
  readonly resources: readonly string[];
  readonly fromMs: number;
  readonly toMs: number;
  /** Events from here on, hours before it (`lockLedger`). */
  readonly completeFromMs: number;
}

/**
 * The work of some tenants, tenant by tenant, in the order in which it is accounted. Of the same instant, always in the
 * same order. Read through a cursor, so any number of events takes the same memory; needs a transaction, and one that
 * reads from one snapshot where it is to agree with other statements.
 */
export async function* readWork(
  client: ClientBase,
  tenantIds: readonly string[],
  { resources, fromMs, toMs, completeFromMs }: WorkRange,
): AsyncGenerator<Work> {
  await query(client, {
    name: "open-work",
    text: `
      declare recorded_work no scroll cursor for
      select tenant_id as "tenantId", (extract(epoch from at) * 1000)::double precision as "atMs", is_event as "isEvent",
        array_agg(resource order by resource) as resources, array_agg(amount order by resource) as amounts
      from (
        select tenant_id, at, is_event, work, resource, least(sum(amount), ${Number.MAX_SAFE_INTEGER})::bigint as amount
        from (${recordedUsage("$4::timestamptz", "$5::timestamptz")}) usage
        group by tenant_id, at, is_event, work, resource
      ) work
      group by tenant_id, at, is_event, work
      order by tenant_id, at, is_event, work`,
    values: [tenantIds, resources, instantOfMs(completeFromMs), instantOfMs(fromMs), instantOfMs(toMs)],
  });
  for (;;) {
    const { rows } = await query<{
      tenantId: string;
      atMs: number;
      isEvent: boolean;
      resources: string[];
      amounts: number[];
    }>(client, { name: "fetch-work", text: `fetch ${ROWS_PER_FETCH} from recorded_work` });
    for (const { tenantId, atMs, isEvent, resources: named, amounts } of rows) {
      yield {
        tenantId,
        atMs: Math.floor(atMs),
        resolution: isEvent ? "event" : "hour",
        amounts: new Map(named.map((resource, index) => [resource, amounts[index]!])),
      };
    }
    if (rows.length < ROWS_PER_FETCH) break;
  }
  await query(client, { name: "close-work", text: "close recorded_work" });
}
