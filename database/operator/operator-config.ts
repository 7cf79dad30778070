/** Where an operator's command finds the database. */
export interface OperatorConfig {
  /** Null = the embedded server that runs in `dataDir`. */
  readonly databaseUrl: string | null;
  readonly dataDir: string;
  readonly prepared: boolean;
}

export type OperatorConfigResult =
  | { readonly kind: "config"; readonly config: OperatorConfig }
  | { readonly kind: "invalid"; readonly problems: readonly string[] };

export type Env = Readonly<Record<string, string | undefined>>;

/** Reads `QUOTEL_MIGRATE_DATABASE_URL`, else `DATABASE_URL`; names every problem. */
export function readOperatorConfig(env: Env): OperatorConfigResult {
  const name = env["QUOTEL_MIGRATE_DATABASE_URL"]?.trim() ? "QUOTEL_MIGRATE_DATABASE_URL" : "DATABASE_URL";
  const databaseUrl = env[name]?.trim() || null;
  const prepared = env["QUOTEL_PREPARED"]?.trim() || "on";
  const problems: string[] = [];
  // The value is not repeated: it holds a password.
  if (databaseUrl !== null && !/^postgres(ql)?:\/\//.test(databaseUrl)) {
    problems.push(`${name} must begin with postgres:// or postgresql://`);
  }
  if (prepared !== "on" && prepared !== "off") problems.push(`QUOTEL_PREPARED=${prepared} is neither on nor off`);
  if (problems.length > 0) return { kind: "invalid", problems };
  const dataDir = env["QUOTEL_DATA_DIR"]?.trim() || ".quotel";
  return { kind: "config", config: { databaseUrl, dataDir, prepared: prepared === "on" } };
}
