import { hash } from "node:crypto";
import { fingerprintOf } from "../record/fingerprint.ts";
import { identityOf } from "../record/ledger-row.ts";
import type { LedgerRow } from "../record/ledger-row.ts";

/** What an item is: a span that gives no event, a usage event, or an item of another signal. */
export type QuarantinedSignal = "span" | "event" | "point" | "audit";

/** Why a usage event was kept aside instead of being counted. */
export type SetAsideReason = "conflict" | "beyond_horizon" | "in_future" | "unstorable";

/** Something that was sent and is not counted. */
export interface QuarantineItem {
  /** UUID made of the item and the reason: equal for a redelivery. */
  readonly quarantineId: string;
  readonly tenantId: string;
  readonly signal: QuarantinedSignal;
  /** A stable snake_case word. */
  readonly reason: string;
  readonly producerId: string;
  /** 32 hex digits, where the item has a trace id that is one. */
  readonly traceId: string | null;
  /** JSON that Postgres can hold; null = too large to be kept. */
  readonly payload: string | null;
}

/** Larger payloads are not kept. In UTF-8. */
const PAYLOAD_BYTES_MAX = 16 * 1024;

/** A usage event to be kept aside. What makes it the same one again is what its sender claims, not what we made of it. */
export function setAside(row: LedgerRow, reason: SetAsideReason): QuarantineItem {
  return {
    quarantineId: uuidOf(`event ${identityOf(row)} ${fingerprintOf(row.event)} ${reason}`),
    tenantId: row.event.tenantId,
    signal: "event",
    reason,
    producerId: row.producerId,
    traceId: row.event.traceId,
    payload: payloadOf(row.event),
  };
}

/** Any other item, as it was read. */
export function refused(
  item: Pick<QuarantineItem, "tenantId" | "signal" | "reason" | "producerId" | "traceId">,
  content: object,
): QuarantineItem {
  const text = jsonOf(content);
  return {
    ...item,
    quarantineId: uuidOf(`${item.signal} ${item.tenantId} ${item.reason} ${text}`),
    payload: bounded(text),
  };
}

function payloadOf(content: object): string | null {
  return bounded(jsonOf(content));
}

/** Postgres' jsonb holds neither NUL nor lone surrogates. */
function jsonOf(content: object): string {
  return JSON.stringify(content, (_, value: unknown) =>
    typeof value === "string" ? value.toWellFormed().replaceAll("\0", "\uFFFD") : value,
  );
}

function bounded(text: string): string | null {
  return Buffer.byteLength(text) <= PAYLOAD_BYTES_MAX ? text : null;
}

function uuidOf(text: string): string {
  return hash("sha256", text).slice(0, 32);
}
