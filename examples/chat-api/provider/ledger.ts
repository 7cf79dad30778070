/** Tokens of some calls. */
interface TokenTally {
  readonly calls: number;
  readonly inputTokens: number;
  readonly outputTokens: number;
}

/** What the provider knows of one tenant. */
export interface TenantLedger {
  /** Usage that was written to a live connection. */
  readonly reported: TokenTally;
  /** Work that was done although its usage was never written: cut streams, callers who left, usage nobody asked for. */
  readonly unreported: TokenTally;
  /** Calls answered with an error, before any work. */
  readonly refused: number;
}

/** Body of `GET /ledger`. */
export interface LedgerReport {
  readonly tenants: Readonly<Record<string, TenantLedger>>;
}

export interface Usage {
  readonly inputTokens: number;
  readonly outputTokens: number;
}

const NOTHING: TokenTally = { calls: 0, inputTokens: 0, outputTokens: 0 };
const EMPTY: TenantLedger = { reported: NOTHING, unreported: NOTHING, refused: 0 };

/** The provider's own books: the truth that quotel's ledger is compared with. */
export class ProviderLedger {
  readonly #tenants = new Map<string, TenantLedger>();

  /** Books finished work: `reported` says whether its usage left on a live connection. */
  book(tenant: string, usage: Usage, reported: boolean): void {
    const row = this.#row(tenant);
    const side = reported ? "reported" : "unreported";
    this.#tenants.set(tenant, { ...row, [side]: plus(row[side], usage) });
  }

  /** Books a call that was answered with an error. */
  refuse(tenant: string): void {
    const row = this.#row(tenant);
    this.#tenants.set(tenant, { ...row, refused: row.refused + 1 });
  }

  report(): LedgerReport {
    return { tenants: Object.fromEntries(this.#tenants) };
  }

  #row(tenant: string): TenantLedger {
    return this.#tenants.get(tenant) ?? EMPTY;
  }
}

function plus(tally: TokenTally, usage: Usage): TokenTally {
  return {
    calls: tally.calls + 1,
    inputTokens: tally.inputTokens + usage.inputTokens,
    outputTokens: tally.outputTokens + usage.outputTokens,
  };
}
