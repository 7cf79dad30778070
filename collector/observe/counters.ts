import { cleanLabel } from "#database/record/clean-text";

/** How many labels a family tells apart. Senders choose some of them, such as instrumentation scopes. */
const LABELS_MAX = 100;
const OTHER = "__other__";

/**
 * What the collector did since it started. A name is a family, or a family and a label (`spans_received`,
 * `spans_rejected.no_end_time`); both are stable. A family's labels beyond the first hundred count as `__other__`, so
 * memory and what is shown of it are bounded. In memory only: the ledger is the record.
 */
export class Counters {
  readonly #families = new Map<string, Map<string | null, number>>();
  readonly #kept = new Map<string, object>();

  add(name: string, count = 1): void {
    const { family, label } = split(name);
    let counts = this.#families.get(family);
    if (!counts) this.#families.set(family, (counts = new Map()));
    const known = counts.has(label) ? label : admitted(label, counts);
    counts.set(known, (counts.get(known) ?? 0) + count);
  }

  get(name: string): number {
    const { family, label } = split(name);
    return this.#families.get(family)?.get(label) ?? 0;
  }

  /** Shows counts that somebody else keeps, as `family.<key>`. */
  include<Counts extends { readonly [Label in keyof Counts]: number }>(family: string, counts: Counts): void {
    this.#kept.set(family, counts);
  }

  /** Every family's counts by label; null = the family has none. */
  families(): ReadonlyMap<string, ReadonlyMap<string | null, number>> {
    const kept = [...this.#kept].map(
      ([family, counts]) => [family, new Map<string, number>(Object.entries(counts))] as const,
    );
    return new Map<string, ReadonlyMap<string | null, number>>([...this.#families, ...kept]);
  }

  /** By name, in the order of the names. */
  snapshot(): Record<string, number> {
    const counts = [...this.families()].flatMap(([family, byLabel]) =>
      [...byLabel].map(([label, count]) => [label === null ? family : `${family}.${label}`, count] as const),
    );
    return Object.fromEntries(counts.toSorted(([a], [b]) => (a < b ? -1 : 1)));
  }
}

/** The label under which a new one is counted. */
function admitted(label: string | null, counts: ReadonlyMap<string | null, number>): string | null {
  if (label === null) return null;
  const stored = cleanLabel(label);
  return counts.has(stored) || counts.size < LABELS_MAX ? stored : OTHER;
}

function split(name: string): { family: string; label: string | null } {
  const dot = name.indexOf(".");
  return dot < 0 ? { family: name, label: null } : { family: name.slice(0, dot), label: name.slice(dot + 1) };
}
