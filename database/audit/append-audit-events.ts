import { randomUUID } from "node:crypto";
import type { ClientBase } from "pg";
import type { AuditEvent } from "./audit-event.ts";
import { auditFingerprintOf, eventIdOf, linkAfter } from "./chain.ts";
import type { ChainEnd, ChainLink } from "./chain.ts";
import { insertLinks } from "./insert-links.ts";
import { lockChains } from "./lock-chains.ts";
import { readKnownEvents } from "./read-known-events.ts";
import { writeChainEnds } from "./write-chain-ends.ts";

export interface AppendCounts {
  readonly appended: readonly AuditEvent[];
  readonly duplicate: number;
  /** Events whose identity is taken by one that says something else: the first stays (I1). */
  readonly conflicting: readonly AuditEvent[];
}

/**
 * Adds events to their tenants' audit trails, each once, however often it is given (I1). Runs inside the caller's
 * transaction, so that a change and its record commit together or not at all. The chains it locks come last in the lock
 * order: call it after everything else the transaction does.
 */
export async function appendAuditEvents(client: ClientBase, events: readonly AuditEvent[]): Promise<AppendCounts> {
  if (events.length === 0) return { appended: [], duplicate: 0, conflicting: [] };
  const chains = await lockChains(client, [...new Set(events.map((event) => event.tenantId))]);
  const known = new Map(
    await readKnownEvents(
      client,
      events.map((event) => ({ tenantId: event.tenantId, eventId: eventIdOf(event) })),
    ),
  );
  const fresh: AuditEvent[] = [];
  const conflicting: AuditEvent[] = [];
  for (const event of events) {
    const eventId = eventIdOf(event);
    const fingerprint = auditFingerprintOf(event);
    const before = known.get(eventId);
    if (before === undefined) {
      known.set(eventId, fingerprint);
      fresh.push(event);
    } else if (before !== null && before !== fingerprint) conflicting.push(event);
  }
  const byTenant = Map.groupBy(fresh, (event) => event.tenantId);
  const links = chains.map(({ tenantId, nowMicros, ...end }) =>
    linksAfter(end, byTenant.get(tenantId) ?? [], nowMicros),
  );
  if (fresh.length > 0) {
    await insertLinks(client, links.flat());
    await writeChainEnds(
      client,
      links.flatMap((chain) => chain.slice(-1)),
    );
  }
  return { appended: fresh, duplicate: events.length - fresh.length - conflicting.length, conflicting };
}

function linksAfter(end: ChainEnd, events: readonly AuditEvent[], nowMicros: number): ChainLink[] {
  const links: ChainLink[] = [];
  for (const event of events) links.push(linkAfter(links.at(-1) ?? end, event, nowMicros, randomUUID()));
  return links;
}
