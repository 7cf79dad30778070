import { hash } from "node:crypto";

/** An item as it was sent, because it gives nothing of ours. */
export type SentSignal = "span" | "data_point" | "log_record";

/**
 * What an item is: as it was sent, or as it was read, because it could be used and was not: `event` (usage), `point` (of a
 * level or a counter), `audit`.
 */
export type QuarantinedSignal = SentSignal | "event" | "point" | "audit";

/** Why something that could be read was kept aside instead of being counted. */
export type SetAsideReason =
  "conflict" | "beyond_horizon" | "in_future" | "unknown_tenant" | "too_many_resources" | "out_of_range" | "unstorable";

/** Something that was sent and is not counted. */
export interface QuarantineItem {
  /** UUID made of what the sender claims, and not of the reason: equal for a redelivery. See `quarantineIdOf`. */
  readonly quarantineId: string;
  readonly tenantId: string;
  readonly signal: QuarantinedSignal;
  /** A stable snake_case word. */
  readonly reason: string;
  readonly producerId: string;
  /** 32 hex digits, where the item has a trace id that is one. */
  readonly traceId: string | null;
  /** JSON that Postgres can hold; null = too large to be kept, whatever there is room for. */
  readonly payload: string | null;
}

/** Larger payloads are not kept: 128 attributes of 64 KiB, the most that is read of one item. In UTF-8. */
const PAYLOAD_BYTES_MAX = 8 * 1024 * 1024;

/** An item as it was sent: what makes it the same one again is all of it. */
export function asSent(
  item: Pick<QuarantineItem, "tenantId" | "reason" | "producerId" | "traceId"> & { readonly signal: SentSignal },
  content: object,
): QuarantineItem {
  const text = jsonOf(content);
  return { ...item, quarantineId: quarantineIdOf(item.signal, item.tenantId, text), payload: bounded(text) };
}

/** The JSON of a payload, where it is small enough to be kept. */
export function payloadOf(content: object): string | null {
  return bounded(jsonOf(content));
}

/** 128 bits over a signal and what makes an item of it the same one. */
export function quarantineIdOf(signal: QuarantinedSignal, ...claims: readonly (string | number | bigint)[]): string {
  return hash("sha256", [signal, ...claims].join(" ")).slice(0, 32);
}

/** Postgres' JSON holds neither NUL nor lone surrogates. */
function jsonOf(content: object): string {
  return JSON.stringify(content, (_, value: unknown) =>
    typeof value === "string" ? value.toWellFormed().replaceAll("\0", "\uFFFD") : value,
  );
}

function bounded(text: string): string | null {
  return Buffer.byteLength(text) <= PAYLOAD_BYTES_MAX ? text : null;
}
