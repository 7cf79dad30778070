import { AMOUNT_MAX, RESOURCE_PATTERN } from "@quotel/conventions";
import { z } from "zod";

/** What may not be called a plan: `QUOTEL_DEFAULT_PLAN=none` means that tenants must be registered. */
const NO_PLAN = "none";
const PLAN_ID_PATTERN = /^[a-z][a-z0-9_-]{0,62}$/;

const fraction = (min: number, max: number): z.ZodType<number, number> =>
  z
    .number()
    .min(min)
    .max(max)
    .transform((value) => Math.round(value * 1000) / 1000);
const amountSchema = z.number().int("must be a whole number").min(0).max(AMOUNT_MAX);

/** What limits one resource in one period, in a plan or as an exception from one. */
export const limitSchema = z.strictObject({
  resource: z.string().regex(RESOURCE_PATTERN, "must be a resource name such as tokens"),
  period: z.enum(["second", "minute", "hour", "day", "month", "lifetime", "level"]),
  /** Null = unlimited. */
  amount: amountSchema.nullable(),
  enforcement: z.enum(["hard", "soft", "shadow"]).default("hard"),
  /** Fraction of the limit from which its state is "warning"; kept to three digits, like the other fraction. */
  warnAt: fraction(0.001, 1).default(0.8),
  /** How much more than the amount is admitted, as a fraction of it. */
  graceFraction: fraction(0, 100).default(0),
  /** For how long after the amount was first exceeded nothing is denied. */
  graceSeconds: z
    .number()
    .int()
    .min(0)
    .max(366 * 86_400)
    .default(0),
  /** What any window of a rate limit may take beyond the amount. */
  burst: amountSchema.default(0),
  /** What is answered when the database is away. */
  onUnavailable: z.enum(["allow", "deny"]).default("allow"),
  /** What is answered when a cost limit's usage has no price. */
  onUnpriced: z.enum(["allow", "deny"]).default("allow"),
});

const planSchema = z.strictObject({
  features: z.array(z.string().regex(PLAN_ID_PATTERN, "must be a feature name such as export")).max(100).default([]),
  /** An upgrade leads to a higher one. Absent = its place in the catalogue. */
  rank: z.number().int().min(0).max(1_000_000).optional(),
  limits: z.array(limitSchema).max(200).superRefine(refuseRepeatedLimits),
});

const catalogueSchema = z.strictObject({
  plans: z
    .record(z.string(), planSchema)
    .refine((plans) => Object.keys(plans).length > 0, "must have at least one plan")
    .superRefine(refuseBadPlanIds),
});

/** A limit, with every default filled in. */
export type LimitDefinition = z.output<typeof limitSchema>;
/** One plan, with every default filled in. */
export type Plan = z.output<typeof planSchema>;
/** The plans by id, as in `plans.json`. */
export type Catalogue = z.output<typeof catalogueSchema>;

export interface CatalogueProblem {
  /** Where, e.g. `plans.trial.limits[2].amount`; empty for the whole document. */
  readonly path: string;
  readonly message: string;
}

export type CatalogueResult =
  | { readonly ok: true; readonly catalogue: Catalogue }
  | { readonly ok: false; readonly problems: readonly CatalogueProblem[] };

/** Checks parsed JSON against the catalogue's grammar; names every problem, not the first. */
export function validateCatalogue(json: unknown): CatalogueResult {
  const parsed = catalogueSchema.safeParse(json);
  if (parsed.success) return { ok: true, catalogue: parsed.data };
  const problems = parsed.error.issues.map(({ path, message }) => ({ path: z.core.toDotPath(path), message }));
  return { ok: false, problems };
}

function refuseRepeatedLimits(
  limits: readonly { readonly resource: string; readonly period: string }[],
  context: z.RefinementCtx,
): void {
  const seen = new Set<string>();
  for (const [index, { resource, period }] of limits.entries()) {
    const limit = `${resource} per ${period}`;
    if (seen.has(limit)) context.addIssue({ code: "custom", path: [index], message: `repeats the limit on ${limit}` });
    seen.add(limit);
  }
}

function refuseBadPlanIds(plans: Readonly<Record<string, unknown>>, context: z.RefinementCtx): void {
  for (const planId of Object.keys(plans)) {
    if (PLAN_ID_PATTERN.test(planId) && planId !== NO_PLAN) continue;
    context.addIssue({ code: "custom", path: [planId], message: `is not a plan name (${PLAN_ID_PATTERN.source})` });
  }
}
