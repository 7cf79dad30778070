/** What a producer's key says about its spans. */
export interface ProducerConfig {
  /** The tenants it may speak for; null = any. */
  readonly tenants: readonly string[] | null;
  /**
   * The instrumentation scopes whose spans count, by name, a trailing `*` standing for any rest; null or absent = all.
   * For senders that instrument one call twice (LangChain over the OpenAI SDK), where no span alone tells which is which.
   */
  readonly countScopes?: readonly string[] | null;
}

/** Whether spans of this scope count for this producer. */
export function scopeCounts(scopeName: string, producer: ProducerConfig): boolean {
  const { countScopes } = producer;
  if (countScopes === null || countScopes === undefined) return true;
  return countScopes.some((entry) => matchesScope(scopeName, entry));
}

/** A scope's name against a name or a beginning followed by `*`. */
export function matchesScope(scopeName: string, pattern: string): boolean {
  return pattern.endsWith("*") ? scopeName.startsWith(pattern.slice(0, -1)) : scopeName === pattern;
}
