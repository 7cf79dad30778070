import { BUILT_IN_RESOURCES } from "@quotel/conventions";
import type { Pool } from "pg";
import type { UsageEvent } from "../record/usage-event.ts";
import { admitResources } from "./admit-resources.ts";
import type { CustomResource } from "./admit-resources.ts";

/** What a resource beyond its tenant's cap is counted as; its own name stays in `detail`. */
const OTHER = "__other__";
const ORIGINAL_NAME = "resource";

/** Decisions remembered at most; forgetting costs a look-up and nothing else. */
const REMEMBERED_MAX = 100_000;

const BUILT_IN: ReadonlySet<string> = new Set(BUILT_IN_RESOURCES);

/** Which custom resources tenants may have, remembered per process. Events of built-in resources cost a set look-up. */
export class ResourceNames {
  readonly #pool: Pool;
  /** By tenant and resource: whether it is admitted. */
  readonly #decided = new Map<string, boolean>();

  constructor(pool: Pool) {
    this.#pool = pool;
  }

  /** The events, those of resources beyond their tenant's cap under `__other__`: sums are preserved, names are not. */
  async capped(events: readonly UsageEvent[]): Promise<readonly UsageEvent[]> {
    const custom = events.filter(({ resource }) => resource !== null && resource !== OTHER && !BUILT_IN.has(resource));
    if (custom.length === 0) return events;
    const refused = await this.#refused(custom);
    if (refused.size === 0) return events;
    return events.map((event) =>
      refused.has(keyOf(event))
        ? { ...event, resource: OTHER, detail: { ...event.detail, [ORIGINAL_NAME]: event.resource! } }
        : event,
    );
  }

  async #refused(custom: readonly UsageEvent[]): Promise<ReadonlySet<string>> {
    const refused = new Set<string>();
    const undecided = new Map<string, CustomResource>();
    for (const event of custom) {
      const key = keyOf(event);
      const isAdmitted = this.#decided.get(key);
      if (isAdmitted === false) refused.add(key);
      else if (isAdmitted === undefined) undecided.set(key, { tenantId: event.tenantId, resource: event.resource! });
    }
    if (undecided.size === 0) return refused;
    const admitted = new Set((await admitResources(this.#pool, [...undecided.values()])).map(keyOf));
    if (this.#decided.size + undecided.size > REMEMBERED_MAX) this.#decided.clear();
    for (const key of undecided.keys()) {
      this.#decided.set(key, admitted.has(key));
      if (!admitted.has(key)) refused.add(key);
    }
    return refused;
  }
}

function keyOf({ tenantId, resource }: { readonly tenantId: string; readonly resource: string | null }): string {
  return `${tenantId} ${resource}`;
}
