import type { UsageSource } from "@quotel/conventions";

/** Facts about an event of one's own choosing, searchable beside it: at most 32, texts of at most 256 characters. */
export type UsageMetadata = Readonly<Record<string, string | number | boolean | null | undefined>>;

/** Tokens and the model they were used on. */
export interface ModelUsage {
  readonly model?: string | undefined;
  /** In OpenTelemetry's words: `openai`, `anthropic`, `aws.bedrock`. Without it there is no price. */
  readonly provider?: string | undefined;
  /** Cached ones included. */
  readonly inputTokens?: number | undefined;
  /** Reasoning included. */
  readonly outputTokens?: number | undefined;
  /** How the tokens are known. Default `provider`. */
  readonly usageSource?: UsageSource | undefined;
}

/** One piece of usage, said by hand: an event of a type, or an amount of a resource, or both. */
export type UsageReport = ModelUsage & {
  /** Default: the current one. */
  readonly tenantId?: string;
  readonly status?: "ok" | "failed" | "rate_limited";
  /** How long it took. Default: no time. */
  readonly durationMs?: number | undefined;
  /** When it ended, if not now. At most 30 days ago. */
  readonly at?: Date;
  readonly metadata?: UsageMetadata;
} & (
    | {
        /** A resource's name. */
        readonly resource: string;
        /** A whole number; below 0 it corrects what a tenant holds, never what it has used up. */
        readonly amount: number;
        /** Default `usage`. */
        readonly eventType?: string | undefined;
      }
    | {
        /** `api_call`, `chat`, `embedding`, `search` and `kb_ingest` count one of their resource; others only themselves. */
        readonly eventType: string;
        readonly resource?: never;
        readonly amount?: never;
      }
  );
