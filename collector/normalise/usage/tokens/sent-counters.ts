import type { CacheSemantics } from "./cache-semantics.ts";

/** A sender's counters as it sent them, by our names; null = not said. */
export interface SentCounters {
  readonly input: number | null;
  readonly output: number | null;
  readonly cacheRead: number | null;
  readonly cacheWrite: number | null;
  readonly reasoning: number | null;
  readonly total: number | null;
  /** What these numbers themselves tell of the cache; `unknown` = ask who sent them. */
  readonly semantics: CacheSemantics;
  /** Input or output were added up of parts, as the sender defines them. */
  readonly summed: boolean;
}
