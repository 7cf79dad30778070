import { DEFAULT_TENANT_ATTRIBUTES, readTenantAttributes } from "./normalise/tenant/tenant-attributes.ts";
import type { TenantAttributes } from "./normalise/tenant/tenant-attributes.ts";

/** How the collector runs. Every field has a default; the limits are those OTLP recommends or better. */
export interface CollectorConfig {
  readonly host: string;
  /** OTLP/HTTP. 0 = any free port. */
  readonly port: number;
  /** OTLP/gRPC. 0 = any free port, null = none. */
  readonly grpcPort: number | null;
  /** A body's size, as sent and again when unpacked; larger ones get 413. OTLP recommends 20 MiB. */
  readonly bodyBytesMax: number;
  /** All bodies being handled at once; beyond it senders are asked to come back (503). */
  readonly inFlightBytesMax: number;
  /** Longest time for a request to arrive completely. */
  readonly requestTimeoutMs: number;
  /** A sender whose request is not committed by then is asked to come back. OTLP exporters give up after 10 s. */
  readonly answerWithinMs: number;
  /** Longest wait for requests in flight at shutdown, before their connections are cut. */
  readonly shutdownTimeoutMs: number;
  /** Null = join the embedded Postgres that runs in `dataDir`. */
  readonly databaseUrl: string | null;
  readonly dataDir: string;
  /** Stored (hashed) at start as the key `ingest`; null = whatever is stored already. */
  readonly ingestKey: string | null;
  /** Plan of tenants first seen in a span; null = they must be registered, else their spans are `unattributed`. */
  readonly defaultPlan: string | null;
  /** Where the tenant of a span, data point or log record is looked for. */
  readonly tenantAttributes: TenantAttributes;
  /** False for poolers that cannot keep prepared statements. */
  readonly prepared: boolean;
}

export type ConfigResult =
  | { readonly kind: "config"; readonly config: CollectorConfig }
  | { readonly kind: "invalid"; readonly problems: readonly string[] };

type Env = Readonly<Record<string, string | undefined>>;

const MIB = 1024 * 1024;
/** A shorter key could be guessed. */
const KEY_LENGTH_MIN = 16;

/** Reads the environment, purely; names every problem, not the first. An empty variable counts as unset. */
export function readConfig(env: Env): ConfigResult {
  const problems: string[] = [];
  const text = (name: string): string | null => env[name]?.trim() || null;
  const integer = (name: string, fallback: number, min: number, max: number): number => {
    const value = Number(text(name) ?? fallback);
    if (Number.isInteger(value) && value >= min && value <= max) return value;
    problems.push(`${name}=${text(name)} is not an integer from ${min} to ${max}`);
    return fallback;
  };
  const port = (name: string, fallback: number): number => integer(name, fallback, 0, 65_535);
  // What may hold a secret is never repeated in a problem.
  const databaseUrl = text("DATABASE_URL");
  if (databaseUrl !== null && !/^postgres(ql)?:\/\//.test(databaseUrl)) {
    problems.push("DATABASE_URL must begin with postgres:// or postgresql://");
  }
  const ingestKey = text("QUOTEL_INGEST_KEY");
  if (ingestKey !== null && (ingestKey.length < KEY_LENGTH_MIN || /\s/.test(ingestKey))) {
    problems.push(`QUOTEL_INGEST_KEY must have at least ${KEY_LENGTH_MIN} characters and no space`);
  }
  const prepared = text("QUOTEL_PREPARED") ?? "on";
  if (prepared !== "on" && prepared !== "off") problems.push(`QUOTEL_PREPARED=${prepared} is neither on nor off`);
  const defaultPlan = text("QUOTEL_DEFAULT_PLAN") ?? "trial";
  const tenantAttributes = readTenantAttributes(text("QUOTEL_TENANT_ATTRIBUTES"));
  if (tenantAttributes.kind === "invalid") {
    problems.push(...tenantAttributes.problems.map((problem) => `QUOTEL_TENANT_ATTRIBUTES ${problem}`));
  }
  const httpPort = port("QUOTEL_COLLECTOR_PORT", 4318);
  const config: CollectorConfig = {
    host: text("QUOTEL_HOST") ?? "127.0.0.1",
    port: httpPort,
    // Who leaves one port to chance wants to run beside others: the fixed default of the other would not let them.
    grpcPort: text("QUOTEL_GRPC_PORT") === "off" ? null : port("QUOTEL_GRPC_PORT", httpPort === 0 ? 0 : 4317),
    bodyBytesMax: integer("QUOTEL_COLLECTOR_BODY_MIB", 20, 1, 512) * MIB,
    inFlightBytesMax: integer("QUOTEL_COLLECTOR_IN_FLIGHT_MIB", 256, 1, 65_536) * MIB,
    requestTimeoutMs: 60_000,
    answerWithinMs: 8_000,
    shutdownTimeoutMs: 10_000,
    databaseUrl,
    dataDir: text("QUOTEL_DATA_DIR") ?? ".quotel",
    ingestKey,
    defaultPlan: defaultPlan === "none" ? null : defaultPlan,
    tenantAttributes: tenantAttributes.kind === "attributes" ? tenantAttributes.attributes : DEFAULT_TENANT_ATTRIBUTES,
    prepared: prepared === "on",
  };
  if (config.inFlightBytesMax < 2 * config.bodyBytesMax) {
    problems.push("QUOTEL_COLLECTOR_IN_FLIGHT_MIB must be at least twice QUOTEL_COLLECTOR_BODY_MIB");
  }
  return problems.length > 0 ? { kind: "invalid", problems } : { kind: "config", config: Object.freeze(config) };
}
