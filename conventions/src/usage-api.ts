/** JSON shapes of the read endpoints (`/v1/usage/...`, `/v1/admin/usage`). */

/** `GET /v1/usage/stats?days=30`. */
export interface UsageStats {
  readonly tenantId: string;
  readonly period: { readonly start: string; readonly end: string; readonly days: number };
  readonly breakdown: readonly {
    readonly resourceType: string;
    /** Integer; a decimal string for `cost` (nano-USD). */
    readonly amount: number | string;
    readonly humanReadable: string;
    /** Of the tightest limit on the resource in its current period; null where it has none. */
    readonly percentage: number | null;
  }[];
  readonly limits: readonly {
    readonly resourceType: string;
    readonly period: string;
    readonly limit: number | null;
    readonly used: number | string;
    readonly reserved: number | string;
    readonly percentage: number | null;
    readonly resetsAt: string | null;
    /** `grace`: past the limit, and within what is admitted beyond it. */
    readonly state: "ok" | "warning" | "grace" | "exceeded";
    readonly enforcement: "hard" | "soft" | "shadow";
    /** `override`: an administrator's exception from the plan. `default`: the plan of tenants that nobody has put on one. */
    readonly source: "plan" | "default" | "override";
  }[];
  readonly warnings: readonly string[];
  readonly timestamp: string;
}

/** `GET /v1/quota/status`: every limit that holds for a tenant, and how much of it is used. */
export interface QuotaStatus {
  readonly tenantId: string;
  readonly plan: string;
  readonly limits: UsageStats["limits"];
  readonly timestamp: string;
}

/** One bucket of a tenant's usage in `GET /v1/admin/usage`. */
export interface TenantUsageBucket {
  readonly bucketStart: string;
  readonly apiCalls: number;
  readonly apiCallsSuccessful: number;
  readonly apiCallsFailed: number;
  readonly apiCallsRateLimited: number;
  readonly chatMessages: number;
  readonly embeddings: number;
  readonly totalTokens: number;
  readonly embeddingTokens: number;
  /** Nano-USD as a decimal string. */
  readonly costNanoUsd: string;
  /** Events whose price is unknown; their cost is not in `costNanoUsd`. */
  readonly unpricedEvents: number;
  readonly latencyMsAvg: number | null;
  readonly latencyMsP95: number | null;
  readonly latencyMsP99: number | null;
}

/** `GET /v1/admin/usage?tenantId=...`. */
export interface AdminTenantUsage {
  readonly tenantId: string;
  readonly period: string;
  readonly usage: readonly TenantUsageBucket[];
  /**
   * How the usage of these buckets is known: tokens the provider counted, counted up to where a stream was cut, and
   * estimated; `none` is the number of EVENTS (not tokens) whose usage nobody knows.
   */
  readonly tokensBySource: {
    readonly provider: number;
    readonly partial: number;
    readonly estimated: number;
    readonly none: number;
  };
  readonly quota: {
    readonly plan: string;
    readonly quotas: UsageStats["limits"];
    readonly anyExceeded: boolean;
  };
  readonly recentEvents: readonly {
    readonly eventType: string;
    readonly status: string;
    readonly endedAt: string;
    readonly tokens: number;
    readonly model: string | null;
    readonly traceId: string;
    readonly spanId: string;
  }[];
  readonly timestamp: string;
}

/** `GET /v1/admin/usage` for all tenants. */
export interface AdminUsageSummary {
  readonly period: string;
  readonly summary: {
    readonly total_tenants: number;
    readonly total_api_calls: number;
    readonly total_tokens: number;
    /** Nano-USD as a decimal string. */
    readonly total_cost: string;
    readonly avg_latency_ms: number | null;
  };
  readonly topConsumers: readonly {
    readonly tenantId: string;
    readonly tokens: number;
    readonly apiCalls: number;
    readonly costNanoUsd: string;
  }[];
  readonly exceedingQuota: readonly {
    readonly tenantId: string;
    readonly resource: string;
    readonly period: string;
    readonly used: number | string;
    readonly limit: number;
  }[];
}
