import { AMOUNT_MAX, RESOURCE_PATTERN } from "@quotel/conventions";
import { z } from "zod";
import type { JsonPath, Position } from "./file/json-positions.ts";

/** What may not be called a plan: `QUOTEL_DEFAULT_PLAN=none` means that tenants must be registered. */
const NO_PLAN = "none";
const PLAN_ID_PATTERN = /^[a-z][a-z0-9_-]{0,62}$/;

/** Whether a plan may be called so. */
export function isPlanId(planId: string): boolean {
  return PLAN_ID_PATTERN.test(planId) && planId !== NO_PLAN;
}

/** A feature's name in a plan. */
export const featureSchema = z.string().regex(PLAN_ID_PATTERN, "must be a feature name such as export");

const fraction = (min: number, max: number): z.ZodType<number, number> =>
  z
    .number()
    .min(min)
    .max(max)
    .transform((value) => Math.round(value * 1000) / 1000);
const amountSchema = z.number().min(0).max(AMOUNT_MAX).refine(Number.isInteger, "must be a whole number");

/** What every limit says, in a plan or as an exception from one. */
export const limitFields = {
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
};

/** What limits one resource in one period. */
export const limitSchema = z.strictObject(limitFields).superRefine(refuseContradictions);

/** What a plan says, beside its name. */
export const planSchema = z.strictObject({
  features: z.array(featureSchema).max(100).default([]),
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
  /** Of a catalogue that was read from a text. */
  readonly position?: Position;
}

export type CatalogueResult =
  | { readonly ok: true; readonly catalogue: Catalogue }
  | { readonly ok: false; readonly problems: readonly CatalogueProblem[] };

/**
 * Checks parsed JSON against the catalogue's grammar; names every problem, not the first.
 *
 * @param positionOf where in the text a path stands, if it came from one
 */
export function validateCatalogue(json: unknown, positionOf?: (path: JsonPath) => Position): CatalogueResult {
  const parsed = catalogueSchema.safeParse(json);
  if (parsed.success) return { ok: true, catalogue: parsed.data };
  const problems = parsed.error.issues.flatMap(placesOf).map(({ path, message }) => ({
    path: z.core.toDotPath(path),
    message,
    ...(positionOf && { position: positionOf(path) }),
  }));
  return { ok: false, problems };
}

/** One line for people: where, and what. */
export function describeProblem({ path, message, position }: CatalogueProblem): string {
  const place = position === undefined ? "" : `line ${position.line}, column ${position.column}: `;
  return `${place}${path === "" ? "" : `${path}: `}${message}`;
}

/** Fields nobody knows are each a problem of their own. */
function placesOf(issue: z.core.$ZodIssue): { readonly path: JsonPath; readonly message: string }[] {
  if (issue.code !== "unrecognized_keys") return [issue];
  return issue.keys.map((key) => ({ path: [...issue.path, key], message: "is not a known field" }));
}

const RATE_PERIODS: ReadonlySet<string> = new Set(["second", "minute", "hour"]);

/** Refuses what could never have an effect: whoever wrote it meant something else. */
export function refuseContradictions(
  {
    resource,
    period,
    graceFraction,
    graceSeconds,
    burst,
    onUnpriced,
  }: Omit<z.output<z.ZodObject<typeof limitFields>>, "amount">,
  context: z.RefinementCtx,
): void {
  const refuse = (field: string, message: string): void => context.addIssue({ code: "custom", path: [field], message });
  if (RATE_PERIODS.has(period)) {
    if (graceFraction > 0)
      refuse("graceFraction", "is for quotas; what a rate limit may take beyond its amount is burst");
    if (graceSeconds > 0)
      refuse("graceSeconds", "is for quotas; what a rate limit may take beyond its amount is burst");
  } else if (burst > 0) refuse("burst", "is for limits per second, minute or hour");
  if (onUnpriced === "deny" && resource !== "cost") refuse("onUnpriced", "is for limits on cost");
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
    if (isPlanId(planId)) continue;
    context.addIssue({ code: "custom", path: [planId], message: `is not a plan name (${PLAN_ID_PATTERN.source})` });
  }
}
