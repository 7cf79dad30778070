import { UNATTRIBUTED_TENANT } from "@quotel/conventions";
import type { ClientBase } from "pg";
import { plainArray, textArray } from "../array-text.ts";
import { utcDayOfMicros } from "../periods/instant.ts";
import { query } from "../pool.ts";
import { CLAIMED_TENANT, asTenants } from "./claim.ts";
import type { ClaimedEvent } from "./claim.ts";

/** What is to be recorded, and how many of the events are in `unattributed` already. */
export interface ResolvedClaims {
  readonly events: readonly ClaimedEvent[];
  readonly duplicate: number;
}

/**
 * Decides, first thing in the record transaction, whose the events are that name a tenant which did not exist when they,
 * or others of theirs, came in; so that an event counts once whether it arrived before the tenant was registered, after
 * it, or both (I1). Free of cost where no event has a claim.
 *
 * Whoever records into `unattributed` locks the name for itself, and whoever records for the tenant locks it too. So of
 * two that meet, the one sees the other's rows, or the other sees that the tenant exists by now.
 */
export async function resolveClaims(client: ClientBase, received: readonly ClaimedEvent[]): Promise<ResolvedClaims> {
  const doubtful = received.filter(({ claim }) => claim !== undefined);
  if (doubtful.length === 0) return { events: received, duplicate: 0 };
  await lockClaims(client, doubtful);
  const [registered, counted] = await Promise.all([
    readRegistered(client, doubtful),
    readCountedAsUnattributed(client, doubtful),
  ]);
  let duplicate = 0;
  const events = received.flatMap((it): ClaimedEvent[] => {
    if (it.claim === undefined || !registered.has(it.claim)) return [it];
    if (counted.has(claimKey(it))) {
      duplicate += 1;
      return [];
    }
    return it.event.tenantId === it.claim ? [it] : [{ ...it, event: asTenants(it.event, it.claim) }];
  });
  return { events, duplicate };
}

async function lockClaims(client: ClientBase, doubtful: readonly ClaimedEvent[]): Promise<void> {
  const isUnattributed = doubtful.some(({ event }) => event.tenantId === UNATTRIBUTED_TENANT);
  await query(client, {
    name: isUnattributed ? "lock-claims" : "share-claims",
    text: `
      select from quotel.unknown_tenants where tenant_id = any ($1::text[]) order by tenant_id
      for ${isUnattributed ? "update" : "share"}`,
    values: [namesOf(doubtful)],
  });
}

/** A statement after the locks, so that it sees what was committed before them. */
async function readRegistered(client: ClientBase, doubtful: readonly ClaimedEvent[]): Promise<ReadonlySet<string>> {
  const { rows } = await query<{ tenant_id: string }>(client, {
    name: "read-registered",
    text: "select tenant_id from quotel.tenants where tenant_id = any ($1::text[])",
    values: [namesOf(doubtful)],
  });
  return new Set(rows.map((row) => row.tenant_id));
}

/** Those of the events that the ledger has under `unattributed`, counted there or moved on, by `claimKey`. */
async function readCountedAsUnattributed(
  client: ClientBase,
  doubtful: readonly ClaimedEvent[],
): Promise<ReadonlySet<string>> {
  const { rows } = await query<{ key: string }>(client, {
    name: "read-counted-as-unattributed",
    text: `
      select concat_ws(' ', e.detail ->> '${CLAIMED_TENANT}', e.event_day, replace(e.trace_id::text, '-', ''),
        lpad(to_hex(e.span_id), 16, '0')) as key
      from unnest($1::date[], $2::uuid[], $3::text[]) as k (day, trace_id, span_id)
      join quotel.usage_events e on e.tenant_id = $4 and e.event_day = k.day and e.trace_id = k.trace_id
        and e.span_id = ('x' || k.span_id)::bit(64)::bigint`,
    values: [
      plainArray(doubtful.map(({ event }) => utcDayOfMicros(event.endedAtMicros))),
      plainArray(doubtful.map(({ event }) => event.traceId)),
      textArray(doubtful.map(({ event }) => event.spanId)),
      UNATTRIBUTED_TENANT,
    ],
  });
  return new Set(rows.map((row) => row.key));
}

function claimKey({ claim, event }: ClaimedEvent): string {
  return `${claim} ${utcDayOfMicros(event.endedAtMicros)} ${event.traceId} ${event.spanId}`;
}

function namesOf(doubtful: readonly ClaimedEvent[]): string[] {
  return [...new Set(doubtful.map(({ claim }) => claim!))];
}
