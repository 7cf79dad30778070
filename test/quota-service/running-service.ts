/**
 * A quota service on a database of its own, called over real sockets:
 *
 *   const service = await startTestService();
 *   afterAll(service.stop);
 *
 * Every answer a test gets is checked against the service's own /openapi.json on the way.
 */
import type { Pool } from "pg";
import { pino } from "pino";
import type { RunnerTestSuite } from "vitest";
import { createPool } from "#database/pool";
import { ensureKey } from "#database/keys/ensure-key";
import type { KeyKind } from "#database/keys/api-key";
import { readConfig } from "../../quota-service/config.ts";
import { startQuotaService } from "../../quota-service/quota-service.ts";
import type { RunningQuotaService } from "../../quota-service/quota-service.ts";
import { createTestDatabase } from "../database/test-database.ts";
import type { TestDatabase } from "../database/test-database.ts";
import { Documented } from "./documented.ts";

export const TOKENS = {
  service: "the-service-key-of-the-tests",
  admin: "the-admin-key-of-the-tests",
  ingest: "an-ingest-key-of-the-tests",
  acme: "the-key-of-tenant-acme",
} as const;

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: unknown;
}

export interface CallOptions {
  /** Default: the service key. Null = none. */
  readonly token?: string | null;
  /** Sent as JSON. */
  readonly body?: unknown;
  /** Sent as it is, instead of `body`. */
  readonly rawBody?: string | Uint8Array;
  readonly headers?: Readonly<Record<string, string>>;
}

export interface TestService {
  readonly url: string;
  readonly pool: Pool;
  readonly documented: Documented;
  readonly call: (method: string, path: string, options?: CallOptions) => Promise<Answer>;
  /** Ends the service alone, in order; its database stays for a look. */
  readonly close: () => Promise<void>;
  readonly stop: (context?: unknown, suite?: Readonly<RunnerTestSuite>) => Promise<void>;
}

export async function startTestService(env: Readonly<Record<string, string>> = {}): Promise<TestService> {
  const database = await createTestDatabase();
  const read = readConfig({
    QUOTEL_QUOTA_PORT: "0",
    QUOTEL_SERVICE_KEY: TOKENS.service,
    QUOTEL_ADMIN_KEY: TOKENS.admin,
    ...env,
  });
  if (read.kind === "invalid") throw new Error(read.problems.join("\n"));
  const pool = createPool({ connectionString: database.writerUrl, applicationName: "test" });
  await bindKeys(pool);
  const service = await startQuotaService(read.config, { pool, log: pino({ level: "silent" }) });
  let closing: Promise<void> | undefined;
  const close = (): Promise<void> => (closing ??= service.close());
  const documented = new Documented(await (await fetch(`${service.url}/openapi.json`)).json());
  return {
    url: service.url,
    pool,
    documented,
    call: (method, path, options = {}) => call(service.url, documented, method, path, options),
    close,
    // Bound, because vitest reads a hook's parameters from its text.
    stop: stop.bind(null, close, pool, database),
  };
}

async function stop(
  close: RunningQuotaService["close"],
  pool: Pool,
  database: TestDatabase,
  context?: unknown,
  suite?: Readonly<RunnerTestSuite>,
): Promise<void> {
  await close();
  await pool.end();
  await database.drop(context, suite);
}

async function bindKeys(pool: Pool): Promise<void> {
  const keys: [string, KeyKind, string, string[]?][] = [
    ["ingest", "ingest", TOKENS.ingest],
    ["acme", "tenant", TOKENS.acme, ["acme"]],
  ];
  for (const [keyId, kind, token, tenants] of keys)
    await ensureKey(pool, { keyId, kind, token, ...(tenants && { tenants }) });
}

async function call(
  url: string,
  documented: Documented,
  method: string,
  path: string,
  { token = TOKENS.service, body, rawBody, headers = {} }: CallOptions,
): Promise<Answer> {
  const payload = rawBody ?? (body === undefined ? undefined : JSON.stringify(body));
  const response = await fetch(new URL(path, url), {
    method,
    headers: {
      ...(token !== null && { authorization: `Bearer ${token}` }),
      ...(payload !== undefined && { "content-type": "application/json" }),
      ...headers,
    },
    ...(payload !== undefined && { body: payload }),
  });
  const text = await response.text();
  const answer = text === "" ? undefined : (JSON.parse(text) as unknown);
  const pathname = decodeURIComponent(new URL(path, url).pathname);
  const contradiction = documented.contradiction(method.toLowerCase(), pathname, response.status, answer);
  if (contradiction !== null) throw new Error(`The answer is not as documented: ${contradiction}\n${text}`);
  return { status: response.status, headers: response.headers, body: answer };
}
