/** Tokens as a provider reports them, in quotel's sense: input includes cached, output includes reasoning. Undefined = not said. */
export interface TokenUsage {
  readonly inputTokens?: number;
  readonly outputTokens?: number;
  readonly cacheReadTokens?: number;
  readonly reasoningTokens?: number;
}
