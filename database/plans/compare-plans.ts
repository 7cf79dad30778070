import type { LimitDefinition, Plan } from "./catalogue.ts";

/** A plan whose place among the others is known. */
export interface RankedPlan extends Plan {
  readonly rank: number;
}

/** One way in which a plan differs from what it was. */
export type PlanChange =
  | { readonly kind: "limit_added" | "limit_removed"; readonly limit: LimitDefinition }
  | {
      readonly kind: "limit_changed";
      readonly resource: string;
      readonly period: LimitDefinition["period"];
      readonly fields: readonly FieldChange[];
    }
  | { readonly kind: "feature_added" | "feature_removed"; readonly feature: string }
  | { readonly kind: "rank_changed"; readonly old: number; readonly new: number };

/** One field of a limit that changes; an amount of null is unlimited. */
export interface FieldChange {
  readonly field: keyof LimitDefinition;
  readonly old: string | number | null;
  readonly new: string | number | null;
}

/**
 * What turns one definition of a plan into another, limit by limit; nothing where they mean the same. Order, repetition
 * and spelled-out defaults are no difference. Pure.
 *
 * @param current null = there is no such plan yet: everything is added
 */
export function comparePlans(current: RankedPlan | null, next: RankedPlan): PlanChange[] {
  const before = new Map(current?.limits.map((limit) => [limitKey(limit), limit]));
  const after = new Map(next.limits.map((limit) => [limitKey(limit), limit]));
  const changes: PlanChange[] = [];
  if (current !== null && current.rank !== next.rank) {
    changes.push({ kind: "rank_changed", old: current.rank, new: next.rank });
  }
  const had = new Set(current?.features);
  const has = new Set(next.features);
  for (const feature of has) if (!had.has(feature)) changes.push({ kind: "feature_added", feature });
  for (const feature of had) if (!has.has(feature)) changes.push({ kind: "feature_removed", feature });
  for (const [key, limit] of after) {
    const old = before.get(key);
    if (old === undefined) changes.push({ kind: "limit_added", limit });
    else changes.push(...changesOfLimit(old, limit));
  }
  for (const [key, limit] of before) if (!after.has(key)) changes.push({ kind: "limit_removed", limit });
  return changes;
}

function changesOfLimit(old: LimitDefinition, next: LimitDefinition): PlanChange[] {
  const names = Object.keys(next) as (keyof LimitDefinition)[];
  const fields = names.flatMap((field) =>
    old[field] === next[field] ? [] : [{ field, old: old[field], new: next[field] }],
  );
  const { resource, period } = next;
  return fields.length === 0 ? [] : [{ kind: "limit_changed", resource, period, fields }];
}

function limitKey({ resource, period }: LimitDefinition): string {
  return `${resource} ${period}`;
}
