import { randomBytes } from "node:crypto";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { freePorts, startProcess, type Env, type ProcessOptions, type RunningProcess } from "./processes.ts";
import { startDecisionWatch, type DecisionWatch } from "./proxies/decision-watch.ts";
import { startRedelivery, type Redelivery } from "./proxies/redelivery.ts";
import { QuotelApi } from "./quotel-api.ts";
import { makeDataDirectory, removeDataDirectory } from "./temporary-directory.ts";

const EXAMPLE_DIR = join(import.meta.dirname, "..");
const ROOT_DIR = join(EXAMPLE_DIR, "../..");
const READY_TIMEOUT_MS = 40_000;
const POLL_MS = 100;

interface Keys {
  readonly ingest: string;
  readonly service: string;
  readonly admin: string;
}

/** Everything that runs during the demo. */
export interface Stack {
  readonly appUrl: string;
  readonly providerUrl: string;
  readonly quotel: QuotelApi;
  readonly redelivery: Redelivery;
  readonly decisions: DecisionWatch;
  /** Rejects as soon as one of the processes ends by itself. */
  readonly failed: Promise<never>;
}

/**
 * Starts quotel on an embedded database in a temporary directory, the fake provider, the two recording proxies and the
 * chat app, which is metered by nothing but `--import`. What was started is put on `cleanup`, also where a later step
 * fails; rejects if a process ends or does not become ready in time.
 */
export async function startStack(env: Env, seed: string, cleanup: AsyncDisposableStack): Promise<Stack> {
  requireBuiltPackage();
  const dataDir = makeDataDirectory();
  cleanup.defer(() => removeDataDirectory(dataDir));
  const start = (options: ProcessOptions): RunningProcess => {
    // Ctrl-C may come between two steps: what starts after the cleanup would run forever.
    if (cleanup.disposed) throw new Error("interrupted");
    const child = startProcess(options);
    cleanup.defer(() => child.stop());
    return child;
  };
  const baseEnv = withoutSettings(env);
  const keys = { ingest: newKey(), service: newKey(), admin: newKey() };
  const ports = await freePorts(4);
  const [collectorUrl, quotaUrl] = [`http://127.0.0.1:${ports[0]}`, `http://127.0.0.1:${ports[1]}`];

  const quotel = start(quotelProcess(ports, keys, dataDir, baseEnv));
  const provider = start({
    name: "the fake provider",
    args: ["provider/main.ts"],
    cwd: EXAMPLE_DIR,
    env: { ...baseEnv, PORT: "0", PROVIDER_SEED: seed },
  });
  const [providerUrl] = await Promise.all([
    provider.printed(/listening on (http\S+)/),
    ready(collectorUrl, quotel),
    ready(quotaUrl, quotel),
  ]);

  const redelivery = await startRedelivery(collectorUrl, seed);
  cleanup.defer(() => redelivery.close());
  const decisions = await startDecisionWatch(quotaUrl);
  cleanup.defer(() => decisions.close());

  const app = start(appProcess(providerUrl, redelivery.url, decisions.url, keys, baseEnv));
  const appUrl = await app.printed(/listening on (http\S+)/);
  const failed = Promise.race([quotel.failed, provider.failed, app.failed]);
  failed.catch(() => undefined);
  return { appUrl, providerUrl, quotel: new QuotelApi(quotaUrl, keys.admin), redelivery, decisions, failed };
}

/** `npm start` with everything of its own: ports, keys, data. */
function quotelProcess(ports: readonly number[], keys: Keys, dataDir: string, env: Env): ProcessOptions {
  const [collector, quota, grpc, postgres] = ports.map(String);
  return {
    name: "quotel",
    args: ["-C", "quotel-source", "start.ts"],
    cwd: ROOT_DIR,
    env: {
      ...env,
      QUOTEL_DATA_DIR: dataDir,
      QUOTEL_COLLECTOR_PORT: collector,
      QUOTEL_GRPC_PORT: grpc,
      QUOTEL_QUOTA_PORT: quota,
      QUOTEL_POSTGRES_PORT: postgres,
      QUOTEL_INGEST_KEY: keys.ingest,
      QUOTEL_SERVICE_KEY: keys.service,
      QUOTEL_ADMIN_KEY: keys.admin,
    },
  };
}

/** The app as any user would start it: one flag, and where to send what. */
function appProcess(providerUrl: string, endpoint: string, quotaUrl: string, keys: Keys, env: Env): ProcessOptions {
  return {
    name: "the chat app",
    args: ["--import", "@quotel/instrumentation/register", "main.ts"],
    cwd: EXAMPLE_DIR,
    env: {
      ...env,
      PORT: "0",
      OPENAI_BASE_URL: `${providerUrl}/v1`,
      OPENAI_API_KEY: "the-fake-provider-takes-any",
      QUOTEL_ENDPOINT: endpoint,
      QUOTEL_INGEST_KEY: keys.ingest,
      QUOTEL_QUOTA_URL: quotaUrl,
      QUOTEL_SERVICE_KEY: keys.service,
      QUOTEL_TENANT_HEADER: "x-tenant-id",
    },
  };
}

/** The demo uses the package as an app developer gets it, so it needs the build that `npm install` makes. */
function requireBuiltPackage(): void {
  for (const file of ["instrumentation/dist/register.js", "conventions/dist/index.js"]) {
    if (!existsSync(join(ROOT_DIR, file))) throw new Error(`${file} is missing: run npm install (or npm run prepare)`);
  }
}

/** The demo's own quotel must not meet another one's settings, nor the app's tracing switches. */
function withoutSettings(env: Env): Env {
  return Object.fromEntries(
    Object.entries(env).filter(([name]) => !/^(QUOTEL_|OTEL_|OPENAI_|DATABASE_URL$|PG)/.test(name)),
  );
}

async function ready(url: string, owner: RunningProcess): Promise<void> {
  const deadline = performance.now() + READY_TIMEOUT_MS;
  const poll = async (): Promise<void> => {
    while (!(await isReady(url))) {
      if (performance.now() > deadline) throw new Error(`${url} did not become ready in ${READY_TIMEOUT_MS / 1000} s`);
      await sleep(POLL_MS);
    }
  };
  await Promise.race([owner.failed, poll()]);
}

async function isReady(url: string): Promise<boolean> {
  try {
    return (await fetch(new URL("/readyz", url))).ok;
  } catch {
    // Nothing listens yet.
    return false;
  }
}

function newKey(): string {
  return randomBytes(24).toString("base64url");
}
