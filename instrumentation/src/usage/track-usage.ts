import { recordUsage } from "./record-usage.ts";
import type { ModelUsage, UsageMetadata } from "./usage-report.ts";

/** How a tracked piece of work went. Whatever else is given is kept as metadata. */
export interface TrackedResult extends UsageMetadata {
  /** All tokens, where input and output are not known apart; they count as input. */
  readonly tokens_used?: number;
  readonly input_tokens?: number;
  readonly output_tokens?: number;
  readonly model?: string;
  readonly provider?: string;
  /** Default: the time since `trackUsage`. */
  readonly response_time_ms?: number;
  /** The HTTP status, say; kept as metadata. */
  readonly status?: number | string;
}

/** One piece of work on its way. The first `record...` counts, later ones do nothing. */
export class UsageTracker {
  readonly #tenantId: string;
  readonly #eventType: string;
  readonly #metadata: UsageMetadata;
  readonly #startedAtMs = performance.now();
  #isRecorded = false;

  /** Starts the clock. See `trackUsage`. */
  constructor(tenantId: string, eventType: string, metadata: UsageMetadata = {}) {
    this.#tenantId = tenantId;
    this.#eventType = eventType;
    this.#metadata = metadata;
  }

  /** It succeeded, and used so much. */
  recordSuccess(result: TrackedResult = {}): void {
    const { tokens_used, input_tokens, output_tokens, model, provider, response_time_ms, ...metadata } = result;
    const isSplit = input_tokens !== undefined || output_tokens !== undefined;
    this.#record("ok", metadata, {
      model,
      provider,
      inputTokens: isSplit ? input_tokens : tokens_used,
      outputTokens: output_tokens,
      durationMs: response_time_ms,
    });
  }

  /** It failed: nothing is counted but the failure. Of the error its class is kept, not what it says. */
  recordFailure(error?: unknown): void {
    const name = error instanceof Error ? error.name : error === undefined ? undefined : typeof error;
    this.#record("failed", { error: name });
  }

  /** It was refused by a limit: nothing is counted but the refusal. */
  recordRateLimit(): void {
    this.#record("rate_limited");
  }

  #record(
    status: "ok" | "failed" | "rate_limited",
    metadata: UsageMetadata = {},
    usage: ModelUsage & { readonly durationMs?: number | undefined } = {},
  ): void {
    if (this.#isRecorded) return;
    this.#isRecorded = true;
    recordUsage({
      ...usage,
      tenantId: this.#tenantId,
      eventType: this.#eventType,
      status,
      durationMs: usage.durationMs ?? performance.now() - this.#startedAtMs,
      metadata: { ...this.#metadata, ...metadata },
    });
  }
}

/**
 * Follows a piece of work that `register` does not see: a search in an index of one's own, an ingest, a model in the process.
 *
 *     const tracker = trackUsage("acme", "search", { site_id: "s1" });
 *     try {
 *       const hits = await index.search(query);
 *       tracker.recordSuccess({ hits: hits.length });
 *     } catch (error) {
 *       tracker.recordFailure(error);
 *     }
 *
 * @param eventType `search`, `kb_ingest`, `chat` and `embedding` count one of their resource; others only themselves
 * @param metadata kept with the event
 */
export function trackUsage(tenantId: string, eventType: string, metadata: UsageMetadata = {}): UsageTracker {
  return new UsageTracker(tenantId, eventType, metadata);
}
