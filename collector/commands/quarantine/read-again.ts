import type { Pool } from "pg";
import type { AuditEvent } from "#database/audit/audit-event";
import { CLAIMED_TENANT, asTenants } from "#database/attribution/claim";
import { findKeyById } from "#database/keys/find-key";
import type { Key } from "#database/keys/api-key";
import type { MetricPoint } from "#database/levels/metric-point";
import type { Quarantined } from "#database/quarantine/read-quarantine";
import type { UsageEvent } from "#database/record/usage-event";
import { normaliseLog } from "../../normalise/audit/normalise-log.ts";
import { normalisePoint } from "../../normalise/levels/normalise-point.ts";
import type { TenantAttributes } from "../../normalise/tenant/tenant-attributes.ts";
import { normalise } from "../../normalise/usage/normalise.ts";
import type { Price } from "../../price/price.ts";
import { dataPointOf } from "../../quarantine/content/data-point.ts";
import type { DataPointContent } from "../../quarantine/content/data-point.ts";
import { logRecordOf } from "../../quarantine/content/log-record.ts";
import type { LogRecordContent } from "../../quarantine/content/log-record.ts";
import { spanOf } from "../../quarantine/content/span.ts";
import type { SpanContent } from "../../quarantine/content/span.ts";

/** What an item comes to under today's rules and keys: something to record, or the reason why it is still of no use. */
export type ReadAgain =
  | { readonly kind: "event"; readonly event: UsageEvent }
  | { readonly kind: "point"; readonly point: MetricPoint }
  | { readonly kind: "audit"; readonly event: AuditEvent }
  | { readonly kind: "unusable"; readonly reason: string };

interface ReadParts {
  readonly pool: Pool;
  readonly price: Price;
  readonly tenantAttributes: TenantAttributes;
}

/** What was read before is taken as it was; what was kept as it was sent is read once more, as of its receipt. */
export async function readAgain(
  { pool, price, tenantAttributes }: ReadParts,
  { signal, payload, producerId, receivedAtMs }: Quarantined,
): Promise<ReadAgain> {
  if (signal === "event") return { kind: "event", event: priced(asClaimed(payload as UsageEvent), price) };
  if (signal === "point") return { kind: "point", point: payload as MetricPoint };
  if (signal === "audit") return { kind: "audit", event: payload as AuditEvent };
  const key = await findKeyById(pool, producerId);
  if (key === null) return unusable("unknown_producer");
  if (signal === "data_point")
    return dataPointAgain(payload as DataPointContent, key, receivedAtMs * 1000, tenantAttributes);
  if (signal === "log_record") {
    const read = normaliseLog(logRecordOf(payload as LogRecordContent), key, tenantAttributes);
    return read.kind === "event" ? { kind: "audit", event: read.event } : unusable(read.reason);
  }
  const read = normalise(spanOf(payload as SpanContent), key, receivedAtMs * 1000, tenantAttributes);
  return read.kind === "event" ? { kind: "event", event: priced(read.event, price) } : unusable(read.reason);
}

function dataPointAgain(
  content: DataPointContent,
  key: Key,
  receivedAtMicros: number,
  tenantAttributes: TenantAttributes,
): ReadAgain {
  const read = normalisePoint(dataPointOf(content), key, receivedAtMicros, tenantAttributes);
  if (read.kind === "point") return read;
  return read.kind === "usage" ? { kind: "event", event: read.event } : unusable(read.reason);
}

/** Of an event that named an unknown tenant: under that name again. */
function asClaimed(event: UsageEvent): UsageEvent {
  const claimed = event.detail?.[CLAIMED_TENANT];
  return typeof claimed === "string" ? asTenants(event, claimed) : event;
}

function priced(event: UsageEvent, price: Price): UsageEvent {
  return { ...event, costNanoUsd: event.costNanoUsd ?? price(event) };
}

function unusable(reason: string): ReadAgain {
  return { kind: "unusable", reason };
}
