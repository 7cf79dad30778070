import { BUILT_IN_RESOURCES } from "@quotel/conventions";
import type { QuotaItem } from "@quotel/conventions";
import type { Pool } from "pg";
import { readPlansInForce } from "#database/plans/read-plans-in-force";
import type { FieldProblem, Refusal } from "../http/refusal.ts";

const RELOAD_AT_MOST_EVERY_MS = 1_000;

/**
 * The resources that may be asked for: the built-in ones and those a plan in force declares. Read again only when an
 * unknown one is named, so that a resource another process has just declared is found, and a known one costs nothing.
 */
export class KnownResources {
  readonly #pool: Pool;
  #names: ReadonlySet<string> = new Set(BUILT_IN_RESOURCES);
  #loadedAtMs = -Infinity;

  constructor(pool: Pool) {
    this.#pool = pool;
  }

  /**
   * A 400 for the resources nobody knows, by their place in the body (or in what is at `within` in it); null where all are
   * known. Rejects when it needs a database that is away.
   */
  async refuseUnknown(items: readonly QuotaItem[], body: object, within = ""): Promise<Refusal | null> {
    if (items.every(({ resource }) => this.#names.has(resource))) return null;
    if (performance.now() >= this.#loadedAtMs + RELOAD_AT_MOST_EVERY_MS) await this.#load();
    const details: FieldProblem[] = [];
    for (const [index, { resource }] of items.entries()) {
      if (this.#names.has(resource)) continue;
      const path = within + ("items" in body ? `items[${index}].resource` : "resource");
      details.push({ path, message: `"${resource}" is neither built in nor declared by a plan` });
    }
    if (details.length === 0) return null;
    const message = `Unknown resource: ${details.map(({ message }) => message).join("; ")}`;
    return { status: 400, code: "UNKNOWN_RESOURCE", message, details };
  }

  async #load(): Promise<void> {
    const plans = await readPlansInForce(this.#pool);
    const declared = plans.flatMap(({ limits }) => limits.map(({ resource }) => resource));
    this.#names = new Set([...BUILT_IN_RESOURCES, ...declared]);
    this.#loadedAtMs = performance.now();
  }
}
