import { hash } from "node:crypto";
import { cleanJson } from "./clean-json.ts";
import type { AuditEvent } from "./audit-event.ts";

/** The end of a tenant's chain, which the next event follows. */
export interface ChainEnd {
  readonly seq: number;
  readonly hash: Buffer;
}

/** An event as a link of its tenant's chain: one row. */
export interface ChainLink {
  readonly tenantId: string;
  readonly seq: number;
  readonly eventId: string;
  readonly recordedAtMicros: number;
  readonly fingerprint: string;
  readonly payload: string;
  readonly payloadHash: Buffer;
  readonly prevHash: Buffer;
  readonly hash: Buffer;
}

/** What the first event of a tenant follows. It names the tenant, so chains cannot be passed off as one another's. */
export function chainStart(tenantId: string): ChainEnd {
  return { seq: 0, hash: hash("sha256", tenantId, "buffer") };
}

/** The identity of an event (I1) as a UUID that is unique across tenants: 128 bits of a hash. */
export function eventIdOf({ tenantId, auditId }: AuditEvent): string {
  const digits = hash("sha256", JSON.stringify([tenantId, auditId])).slice(0, 32);
  return digits.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
}

/** 64 bits over what the sender said: equal for a redelivery, different for another event under the same identity. */
export function auditFingerprintOf(event: AuditEvent): string {
  const { producer: _, ...said } = event;
  return hash("sha256", JSON.stringify(payloadOf(said)), "buffer")
    .readBigInt64BE(0)
    .toString();
}

/**
 * The link that an event becomes behind `end`. Its payload is hashed on its own and the chain runs over that hash, so
 * that the payload can be erased and the chain stays whole.
 *
 * @param salt random; makes the payload's hash say nothing about a payload that was erased
 */
export function linkAfter(end: ChainEnd, event: AuditEvent, recordedAtMicros: number, salt: string): ChainLink {
  const payload = JSON.stringify({ ...payloadOf(event), salt });
  const seq = end.seq + 1;
  const eventId = eventIdOf(event);
  const payloadHash = hash("sha256", payload, "buffer");
  const numbers = Buffer.alloc(16);
  numbers.writeBigInt64BE(BigInt(seq), 0);
  numbers.writeBigInt64BE(BigInt(recordedAtMicros), 8);
  const id = Buffer.from(eventId.replaceAll("-", ""), "hex");
  // The twin of quotel.audit_link(); verify_audit_chain() holds them together.
  const linked = Buffer.concat([end.hash, numbers.subarray(0, 8), id, numbers.subarray(8), payloadHash]);
  return {
    tenantId: event.tenantId,
    seq,
    eventId,
    recordedAtMicros,
    fingerprint: auditFingerprintOf(event),
    payload,
    payloadHash,
    prevHash: end.hash,
    hash: hash("sha256", linked, "buffer"),
  };
}

/** What the payload holds: every field that says something, in one order, as Postgres can read it. */
function payloadOf(event: Omit<AuditEvent, "producer"> & { readonly producer?: string }): object {
  const { tenantId: _, ...fields } = event;
  const sorted = Object.entries(fields).sort(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(sorted.flatMap(([key, value]) => (value === null ? [] : [[key, cleanJson(value)]])));
}
