/** How the fake provider runs. */
export interface ProviderConfig {
  /** Address to listen on; loopback unless a container says otherwise. */
  readonly host: string;
  /** 0 = any free port. */
  readonly port: number;
  /** Same seed, same text, token counts and faults. */
  readonly seed: string;
  /** Share of calls that fail in some way, 0..1. */
  readonly faultRate: number;
  /** Pause before an answer and between the chunks of a stream. */
  readonly latencyMs: number;
}

export type ConfigResult =
  { readonly ok: true; readonly config: ProviderConfig } | { readonly ok: false; readonly problems: readonly string[] };

/** Reads `LISTEN_HOST`, `PORT`, `PROVIDER_SEED`, `PROVIDER_FAULT_RATE` and `PROVIDER_LATENCY_MS`; names every problem, not the first. */
export function readConfig(env: Readonly<Record<string, string | undefined>>): ConfigResult {
  const problems: string[] = [];
  const number = (name: string, fallback: number, max: number): number => {
    const value = Number(env[name] ?? fallback);
    if (!(value >= 0 && value <= max)) problems.push(`${name}=${env[name]} is not a number from 0 to ${max}`);
    return value;
  };
  const config: ProviderConfig = {
    host: env["LISTEN_HOST"] || "127.0.0.1",
    port: number("PORT", 0, 65_535),
    seed: env["PROVIDER_SEED"] ?? "quotel",
    faultRate: number("PROVIDER_FAULT_RATE", 0.12, 1),
    latencyMs: number("PROVIDER_LATENCY_MS", 3, 10_000),
  };
  return problems.length === 0 ? { ok: true, config } : { ok: false, problems };
}
