import type { ClientBase, Pool } from "pg";
import { planVersionInForce } from "#database/plans/plan-version";
import { readTenants } from "#database/tenants/read-tenants";
import type { Tenant } from "#database/tenants/read-tenants";
import { inSnapshot } from "#database/transaction";
import type { CheckOutcome, CheckRequest } from "./contract.ts";
import { askedBy, learnFirstExpiries, readFacts } from "./read-facts.ts";
import type { DecisionSources } from "./read-facts.ts";
import { judge } from "./verdict/judge.ts";

/**
 * Answers checks that wait from one snapshot, without a lock: a check changes nothing, so each is judged as if it were
 * alone. A tenant that nobody has registered is judged by the default plan, and not provisioned.
 */
export function checkGroup(
  pool: Pool,
  sources: DecisionSources,
  defaultPlan: string | null,
  group: readonly CheckRequest[],
): Promise<CheckOutcome[]> {
  return inSnapshot(pool, (client) => checkOn(client, sources, defaultPlan, group));
}

async function checkOn(
  client: ClientBase,
  sources: DecisionSources,
  defaultPlan: string | null,
  group: readonly CheckRequest[],
): Promise<CheckOutcome[]> {
  const requested = askedBy(group);
  const reading = readOrDefault(client, [...requested.keys()], defaultPlan);
  const [tenants, facts] = await Promise.all([reading, readFacts(client, sources, requested, reading)]);
  const asked = group.map(({ tenantId, items }) => ({ tenant: tenants.get(tenantId) ?? null, items }));
  const judged = asked.map((request) =>
    isKnown(request) ? { ...request, verdict: judge(facts, request.tenant, request.items, NOTHING_USED) } : null,
  );
  const waiting = judged.flatMap((it) => (it?.verdict.waitsForHolds ? [it.tenant] : []));
  await learnFirstExpiries(client, facts, [...new Set(waiting)]);
  return judged.map((it) => {
    if (it === null) return { kind: "unknown_tenant" };
    const { tenant, items, verdict } = it;
    const last = verdict.waitsForHolds ? judge(facts, tenant, items, NOTHING_USED) : verdict;
    return { kind: "decided", decision: last.decision };
  });
}

function isKnown<R extends { readonly tenant: Tenant | null }>(request: R): request is R & { readonly tenant: Tenant } {
  return request.tenant !== null;
}

/** Tenants by id; those without a row as the default plan makes them, where there is one. */
async function readOrDefault(
  client: ClientBase,
  tenantIds: readonly string[],
  defaultPlan: string | null,
): Promise<ReadonlyMap<string, Tenant>> {
  const known = await readTenants(client, tenantIds);
  const newcomers = tenantIds.filter((tenantId) => !known.has(tenantId));
  if (defaultPlan === null || newcomers.length === 0) return known;
  const version = await planVersionInForce(client, defaultPlan);
  return new Map([...known, ...newcomers.map((id) => [id, newcomer(id, defaultPlan, version)] as const)]);
}

function newcomer(tenantId: string, planId: string, planVersion: number | null): Tenant {
  const plan = { planId, planVersion: planVersion ?? 0, planSource: "default" } as const;
  return { tenantId, ...plan, licenceStatus: "active", licenceExpiresAtMs: null, calendar: [] };
}

const NOTHING_USED = (): number => 0;
