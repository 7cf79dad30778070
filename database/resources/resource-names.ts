import { BUILT_IN_RESOURCES } from "@quotel/conventions";
import type { Pool } from "pg";
import type { UsageEvent } from "../record/usage-event.ts";
import { admitResources } from "./admit-resources.ts";
import type { CustomResource } from "./admit-resources.ts";

/** What a resource beyond its tenant's cap is counted as; its own name stays in the event's `detail`. */
const OTHER = "__other__";
const ORIGINAL_NAME = "resource";

/** Decisions remembered at most; forgetting costs a look-up and nothing else. */
const REMEMBERED_MAX = 100_000;

const BUILT_IN: ReadonlySet<string> = new Set(BUILT_IN_RESOURCES);

/** Something that counts for a resource of a tenant; null = for none. */
interface ResourceUse {
  readonly tenantId: string;
  readonly resource: string | null;
}

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
    const beyond = await this.beyondCap(events);
    return beyond.size === 0 ? events : events.map((event) => (beyond.has(event) ? asOther(event) : event));
  }

  /** Those of the uses whose resource is beyond its tenant's cap. Once decided it stays so; see `admitResources`. */
  async beyondCap<Use extends ResourceUse>(uses: readonly Use[]): Promise<ReadonlySet<Use>> {
    const custom = uses.filter(({ resource }) => resource !== null && resource !== OTHER && !BUILT_IN.has(resource));
    if (custom.length === 0) return new Set();
    const refused = await this.#refused(custom);
    return new Set(custom.filter((use) => refused.has(keyOf(use))));
  }

  async #refused(custom: readonly ResourceUse[]): Promise<ReadonlySet<string>> {
    const refused = new Set<string>();
    const undecided = new Map<string, CustomResource>();
    for (const use of custom) {
      const key = keyOf(use);
      const isAdmitted = this.#decided.get(key);
      if (isAdmitted === false) refused.add(key);
      else if (isAdmitted === undefined) undecided.set(key, { tenantId: use.tenantId, resource: use.resource! });
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

/** The event as one of a resource beyond its tenant's cap. */
export function asOther(event: UsageEvent): UsageEvent {
  return { ...event, resource: OTHER, detail: { ...event.detail, [ORIGINAL_NAME]: event.resource ?? "" } };
}

function keyOf({ tenantId, resource }: ResourceUse): string {
  return `${tenantId} ${resource}`;
}
