import { AMOUNT_MAX } from "@quotel/conventions";
import type { QuotaItem, ReservationItem } from "@quotel/conventions";
import { z } from "zod";

const ITEMS_MAX = 100;
/** Longer ones cannot be a resource; whether a shorter one is, the known resources tell. */
const RESOURCE_LENGTH_MAX = 63;

const resource = z.string().max(RESOURCE_LENGTH_MAX, `must be at most ${RESOURCE_LENGTH_MAX} characters`);

/** Fields of one asked resource. */
export const quotaItemFields = { resource, amount: z.unknown() };
/** Fields of one resource to hold. */
export const reservationItemFields = { ...quotaItemFields, atLeast: z.unknown().optional() };

type RawItem = { readonly resource: string; readonly amount?: unknown };

/** Turns the raw fields of an item into exact numbers, or reports which one is not. */
export function toQuotaItem(raw: RawItem, context: z.RefinementCtx): QuotaItem {
  return { resource: raw.resource, amount: amountField(raw.resource, "amount", raw.amount, context) };
}

/** As `toQuotaItem`, with the smallest grant that would do. */
export function toReservationItem(
  raw: RawItem & { readonly atLeast?: unknown },
  context: z.RefinementCtx,
): ReservationItem {
  const item = toQuotaItem(raw, context);
  if (raw.atLeast === undefined) return item;
  const atLeast = amountField(raw.resource, "atLeast", raw.atLeast, context);
  if (atLeast > item.amount) {
    context.addIssue({ code: "custom", path: ["atLeast"], message: "must not be larger than amount" });
  }
  return { ...item, atLeast };
}

/** A list of items that names each resource once. */
export function itemList<Item extends QuotaItem>(item: z.ZodType<Item>, atLeast: 0 | 1): z.ZodType<readonly Item[]> {
  return z.array(item).min(atLeast).max(ITEMS_MAX).superRefine(refuseRepeatedResources);
}

/** Why a value is not an amount of this resource; null = it is one. Amounts are integers from 0 to 2^53-1 (I5). */
export function amountProblem(resource: string, value: unknown): string | null {
  if (value === undefined) return "is required";
  // Nano-USD outgrow what careless JSON writers keep exact, so cost may come as digits.
  if (resource === "cost" && typeof value === "string") {
    return /^\d{1,16}$/.test(value)
      ? amountProblem(resource, Number(value))
      : "must be a whole number in decimal digits";
  }
  if (typeof value !== "number") return "must be a number";
  if (value < 0) return "must not be negative";
  if (value > AMOUNT_MAX) return `must be at most ${AMOUNT_MAX}`;
  if (!Number.isInteger(value)) return "must be a whole number";
  return null;
}

function amountField(resource: string, field: string, value: unknown, context: z.RefinementCtx): number {
  const problem = amountProblem(resource, value);
  // Adding 0 turns a -0 into 0.
  if (problem === null) return Number(value) + 0;
  context.addIssue({ code: "custom", path: [field], message: problem });
  return 0;
}

function refuseRepeatedResources(items: readonly QuotaItem[], context: z.RefinementCtx): void {
  if (new Set(items.map(({ resource }) => resource)).size === items.length) return;
  const seen = new Set<string>();
  for (const [index, { resource }] of items.entries()) {
    if (seen.has(resource)) {
      context.addIssue({ code: "custom", path: [index, "resource"], message: `names ${resource} a second time` });
    }
    seen.add(resource);
  }
}
