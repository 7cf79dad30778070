/**
 * Tokens as a provider reports them, in quotel's sense: input includes those read from and written to a cache, output
 * includes reasoning. Undefined = not said.
 */
export interface TokenUsage {
  readonly inputTokens?: number;
  readonly outputTokens?: number;
  readonly cacheReadTokens?: number;
  readonly cacheWriteTokens?: number;
  readonly reasoningTokens?: number;
  /** What a rerank is billed in, in place of tokens. */
  readonly searchUnits?: number;
}
