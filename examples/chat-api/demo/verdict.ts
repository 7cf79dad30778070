import type { TenantLedger } from "../provider/ledger.ts";
import type { TenantAccount } from "./quotel-api.ts";
import type { TenantTraffic, TrafficOutcome } from "./traffic.ts";

/** Everything the demo knows of one tenant, from four sides that do not know one another. */
export interface TenantEvidence {
  readonly tenant: TenantTraffic;
  readonly traffic: TrafficOutcome;
  readonly provider: TenantLedger;
  readonly account: TenantAccount;
  /** Denials that contradict their own figures. */
  readonly unjustDenials: number;
}

/** One row of the table. Tokens are input + output. */
export interface TenantVerdict {
  readonly tenantId: string;
  readonly plan: string;
  readonly calls: number;
  readonly providerTokens: number;
  readonly ledgerTokens: number;
  readonly partialTokens: number;
  readonly estimatedTokens: number;
  /** Calls whose usage nobody knows: the provider said nothing, and nothing was seen. */
  readonly callsWithoutUsage: number;
  readonly unreportedTokens: number;
  /** A decimal string. */
  readonly costNanoUsd: string;
  readonly denied: number;
  readonly overAdmitted: number;
  readonly underAdmitted: number;
}

/** The JSON of `npm run demo -- --json`. */
export interface Verdict {
  /** What the provider reported is what the ledger holds from it, tenant by tenant. */
  readonly conserved: boolean;
  readonly providerTokens: number;
  readonly ledgerTokens: number;
  readonly unreportedTokens: number;
  readonly denied: number;
  /** What was used beyond hard limits. */
  readonly overAdmitted: number;
  /** Denials of work that by the decision's own figures fitted. */
  readonly underAdmitted: number;
  readonly tenants: readonly TenantVerdict[];
  readonly durationMs: number;
}

/** Compares the sides. Pure. */
export function judge(evidence: readonly TenantEvidence[], durationMs: number): Verdict {
  const tenants = evidence.map(judgeTenant);
  const total = (field: "providerTokens" | "ledgerTokens" | "unreportedTokens" | "denied"): number =>
    tenants.reduce((sum, tenant) => sum + tenant[field], 0);
  return {
    conserved: tenants.every(({ providerTokens, ledgerTokens }) => providerTokens === ledgerTokens),
    providerTokens: total("providerTokens"),
    ledgerTokens: total("ledgerTokens"),
    unreportedTokens: total("unreportedTokens"),
    denied: total("denied"),
    overAdmitted: tenants.reduce((sum, tenant) => sum + tenant.overAdmitted, 0),
    underAdmitted: tenants.reduce((sum, tenant) => sum + tenant.underAdmitted, 0),
    tenants,
    durationMs: Math.round(durationMs),
  };
}

/** The demo succeeds only if nothing was lost, doubled, wrongly admitted or wrongly denied, and the limit did bind. */
export function hasPassed({ conserved, overAdmitted, underAdmitted, denied }: Verdict): boolean {
  return conserved && overAdmitted === 0 && underAdmitted === 0 && denied > 0;
}

function judgeTenant({ tenant, traffic, provider, account, unjustDenials }: TenantEvidence): TenantVerdict {
  const { reported, unreported } = provider;
  return {
    tenantId: tenant.tenantId,
    plan: tenant.plan,
    calls: traffic.calls,
    providerTokens: reported.inputTokens + reported.outputTokens,
    ledgerTokens: account.tokensBySource.provider,
    partialTokens: account.tokensBySource.partial,
    estimatedTokens: account.tokensBySource.estimated,
    callsWithoutUsage: account.tokensBySource.none,
    unreportedTokens: unreported.inputTokens + unreported.outputTokens,
    costNanoUsd: account.costNanoUsd.toString(),
    denied: traffic.denied,
    overAdmitted: account.amountOverLimit,
    underAdmitted: unjustDenials,
  };
}
