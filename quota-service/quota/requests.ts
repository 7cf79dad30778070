import {
  RESERVATION_ID_PATTERN,
  RESERVATION_TTL_SECONDS_DEFAULT,
  RESERVATION_TTL_SECONDS_MAX,
} from "@quotel/conventions";
import type { BatchCheckRequest, QuotaItem, ReservationItem } from "@quotel/conventions";
import { z } from "zod";
import type { Parsed } from "../http/refusal.ts";
import { tenantIdSchema } from "../http/tenancy.ts";
import { isObject, parse, parseBody } from "../http/validation.ts";
import { itemList, quotaItemFields, reservationItemFields, toQuotaItem, toReservationItem } from "./items.ts";

/** What the bodies of the quota API say, whichever of their forms was used. */
export interface CheckBody {
  readonly tenantId?: string | undefined;
  readonly items: readonly QuotaItem[];
}
export interface ReserveBody {
  readonly tenantId?: string | undefined;
  /** In lower case. */
  readonly reservationId: string;
  readonly items: readonly ReservationItem[];
  readonly ttlSeconds: number;
  readonly onExpiry: "release" | "keep";
}
export interface LeaseBody {
  readonly tenantId?: string | undefined;
  /** In lower case. */
  readonly reservationId: string;
  readonly items: readonly QuotaItem[];
}
export type PatchBody = z.output<typeof closeBody> | z.output<typeof extendBody>;

/** A reservation id in lower case, so that one id has one spelling. */
const reservationIdSchema = z
  .string()
  .regex(RESERVATION_ID_PATTERN, "must be a UUID, such as 0198c0de-0000-7000-8000-000000000001")
  .transform((id) => id.toLowerCase());

const tenant = { tenantId: tenantIdSchema.optional() };
const ttlSeconds = z.int().min(1).max(RESERVATION_TTL_SECONDS_MAX);
const quotaItem = z.strictObject(quotaItemFields).transform(toQuotaItem);
const reservationItem = z.strictObject(reservationItemFields).transform(toReservationItem);

const checkOne = z
  .strictObject({ ...tenant, ...quotaItemFields })
  .transform(({ tenantId, ...raw }, context) => ({ tenantId, items: [toQuotaItem(raw, context)] }));
const checkList = z.strictObject({ ...tenant, items: itemList(quotaItem, 1) });

const CHECKS_MAX = 100;
const checkBatch = z.strictObject({
  checks: z
    .array(z.strictObject({ tenantId: tenantIdSchema, items: itemList(quotaItem, 1) }))
    .min(1)
    .max(CHECKS_MAX),
});

const reservation = {
  ...tenant,
  reservationId: reservationIdSchema,
  ttlSeconds: ttlSeconds.default(RESERVATION_TTL_SECONDS_DEFAULT),
  onExpiry: z.enum(["release", "keep"]).default("release"),
};
const reserveOne = z
  .strictObject({ ...reservation, ...reservationItemFields })
  .transform(({ tenantId, reservationId, ttlSeconds, onExpiry, ...raw }, context) => ({
    tenantId,
    reservationId,
    ttlSeconds,
    onExpiry,
    items: [toReservationItem(raw, context)],
  }));
const reserveList = z.strictObject({ ...reservation, items: itemList(reservationItem, 1) });

const wantedItem = quotaItem.refine(({ amount }) => amount > 0, { path: ["amount"], error: "must be at least 1" });
const leaseBody = z.strictObject({ ...tenant, reservationId: reservationIdSchema, items: itemList(wantedItem, 1) });

const closeBody = z.strictObject({
  ...tenant,
  action: z.literal("close"),
  items: itemList(quotaItem, 0),
  settle: z.enum(["spans", "now"]),
});
const extendBody = z
  .strictObject({
    ...tenant,
    action: z.literal("extend"),
    items: itemList(quotaItem, 1).optional(),
    ttlSeconds: ttlSeconds.optional(),
  })
  .refine((body) => body.items !== undefined || body.ttlSeconds !== undefined, "needs items, ttlSeconds or both");
const releaseBody = z.strictObject(tenant);
const reservationPath = z.object({ id: reservationIdSchema });
const patchBody = z.discriminatedUnion("action", [closeBody, extendBody], {
  error: (issue) => (issue.code === "invalid_union" ? "must be close or extend" : undefined),
});

/** `POST /v1/quota/check`. */
export function readCheckBody(body: unknown): Parsed<CheckBody> {
  return namesItems(body) ? parseBody(checkList, body) : parseBody(checkOne, body);
}

/** `POST /v1/quota/check/batch`. */
export function readBatchBody(body: unknown): Parsed<BatchCheckRequest> {
  return parseBody(checkBatch, body);
}

/** `POST /v1/quota/reservations`. */
export function readReserveBody(body: unknown): Parsed<ReserveBody> {
  return namesItems(body) ? parseBody(reserveList, body) : parseBody(reserveOne, body);
}

/** `POST /v1/quota/leases`. */
export function readLeaseBody(body: unknown): Parsed<LeaseBody> {
  return parseBody(leaseBody, body);
}

/** `PATCH /v1/quota/reservations/{id}`. */
export function readPatchBody(body: unknown): Parsed<PatchBody> {
  return parseBody(patchBody, body);
}

/** `DELETE /v1/quota/reservations/{id}`, whose body may be left out. */
export function readReleaseBody(body: unknown): Parsed<{ readonly tenantId?: string | undefined }> {
  return body === undefined ? { ok: true, value: {} } : parseBody(releaseBody, body);
}

/** The id in a reservation's path. */
export function readReservationId(id: string): Parsed<string> {
  const read = parse(reservationPath, { id });
  return read.ok ? { ok: true, value: read.value.id } : read;
}

function namesItems(body: unknown): boolean {
  return isObject(body) && "items" in body;
}
