import { join } from "node:path";

/** How the quota service runs. */
export interface QuotaServiceConfig {
  readonly host: string;
  /** 0 = any free port. */
  readonly port: number;
  /** Null = join the embedded Postgres that runs in `dataDir`. */
  readonly databaseUrl: string | null;
  readonly dataDir: string;
  /** Stored (hashed) at start as the keys `service` and `admin`; null = whatever is stored already. */
  readonly serviceKey: string | null;
  readonly adminKey: string | null;
  /** The plan catalogue that is put in force at start. */
  readonly plansFile: string;
  /** Plan of tenants that nobody has registered; null = they must be. */
  readonly defaultPlan: string | null;
  /** False for poolers that cannot keep prepared statements. */
  readonly prepared: boolean;
}

export type ConfigResult =
  | { readonly kind: "config"; readonly config: QuotaServiceConfig }
  | { readonly kind: "invalid"; readonly problems: readonly string[] };

/** Reads the environment, purely. Reports every problem at once, each naming the variable. An empty one counts as unset. */
export function readConfig(env: Readonly<Record<string, string | undefined>>): ConfigResult {
  const problems: string[] = [];
  const key = (name: string): string | null => {
    const token = env[name] || null;
    // No request could carry it. The value is not repeated: it is a secret.
    if (token !== null && /\s/.test(token)) problems.push(`${name} must not contain a space`);
    return token;
  };
  const port = env["QUOTEL_QUOTA_PORT"] || "4320";
  if (!/^\d+$/.test(port) || Number(port) > 65_535) {
    problems.push(`QUOTEL_QUOTA_PORT must be an integer from 0 to 65535, but is "${port}"`);
  }
  const prepared = env["QUOTEL_PREPARED"] || "on";
  if (prepared !== "on" && prepared !== "off") {
    problems.push(`QUOTEL_PREPARED must be on or off, but is "${prepared}"`);
  }
  const defaultPlan = env["QUOTEL_DEFAULT_PLAN"] || "trial";
  const config: QuotaServiceConfig = {
    host: env["QUOTEL_HOST"] || "127.0.0.1",
    port: Number(port),
    databaseUrl: env["DATABASE_URL"] || null,
    dataDir: env["QUOTEL_DATA_DIR"] || ".quotel",
    serviceKey: key("QUOTEL_SERVICE_KEY"),
    adminKey: key("QUOTEL_ADMIN_KEY"),
    plansFile: env["QUOTEL_PLANS"] || join(import.meta.dirname, "../plans.json"),
    defaultPlan: defaultPlan === "none" ? null : defaultPlan,
    prepared: prepared === "on",
  };
  if (config.databaseUrl !== null && !/^postgres(ql)?:\/\//.test(config.databaseUrl)) {
    // The value is not repeated: it holds a password.
    problems.push("DATABASE_URL must begin with postgres:// or postgresql://");
  }
  if (config.serviceKey !== null && config.serviceKey === config.adminKey) {
    problems.push("QUOTEL_SERVICE_KEY and QUOTEL_ADMIN_KEY must differ");
  }
  return problems.length > 0 ? { kind: "invalid", problems } : { kind: "config", config: Object.freeze(config) };
}
