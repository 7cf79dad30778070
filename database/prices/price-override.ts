/** What an override charges, in USD: per million tokens of a class, at most six decimals; null = see each. */
export interface OverridePrices {
  /** Null = unknown: events with such tokens stay unpriced. 0 = free. */
  readonly input: number | null;
  readonly output: number | null;
  /** Null = as other input. */
  readonly cacheRead: number | null;
  readonly cacheWrite: number | null;
  /** Null = as other output. */
  readonly reasoning: number | null;
  /** Per event, at most nine decimals; null = nothing. */
  readonly perRequest: number | null;
}

/** Which events an override is about. */
export interface OverrideKey {
  /** OpenTelemetry's name of the provider. */
  readonly provider: string;
  /** Lower case; a trailing `*` stands for any rest. */
  readonly model: string;
  /** Null = any. */
  readonly serviceTier: string | null;
}

/** What holds for a key from an instant on, until the next one of the same key. */
export interface PriceOverride extends OverrideKey {
  readonly validFromMs: number;
  /** Null = the override has ended: the price list decides again. */
  readonly prices: OverridePrices | null;
}

/** Who says so, and why. */
export interface OverrideOrigin {
  readonly reason: string;
  readonly actor: string;
}
