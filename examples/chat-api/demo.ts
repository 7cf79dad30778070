/**
 * `npm run demo [-- --json]`: a metered chat app, three tenants, real traffic, faults, redeliveries, and a table that
 * compares what the provider reported with what quotel holds. Exits 0 only if nothing was lost, doubled, wrongly
 * admitted or wrongly denied.
 */
import { parseArgs } from "node:util";
import { SingleBar, Presets } from "cli-progress";
import { waitUntilSettled } from "./demo/quotel-api.ts";
import { startStack, type Stack } from "./demo/stack.ts";
import { formatVerdict } from "./demo/table.ts";
import { runTraffic, type TenantTraffic, type TrafficOutcome } from "./demo/traffic.ts";
import { hasPassed, judge, type TenantEvidence, type Verdict } from "./demo/verdict.ts";
import type { LedgerReport } from "./provider/ledger.ts";

const SEED = "quotel-demo";
const SETTLE_TIMEOUT_MS = 15_000;

/** The trial tenant makes more calls than its 30 a minute; the others stay within their plans. */
const TENANTS: readonly TenantTraffic[] = [
  { tenantId: "tiny-trial", plan: "trial", calls: 80, concurrency: 4 },
  { tenantId: "steady-starter", plan: "starter", calls: 50, concurrency: 6 },
  { tenantId: "busy-enterprise", plan: "enterprise", calls: 150, concurrency: 6 },
];

const CALLS = TENANTS.reduce((sum, { calls }) => sum + calls, 0);

const { values: options } = parseArgs({ options: { json: { type: "boolean", default: false } } });
const talkative = !options.json;
const startedAt = performance.now();

const cleanup = new AsyncDisposableStack();
let stopping: Promise<void> | undefined;
for (const signal of ["SIGINT", "SIGTERM"] as const) {
  // Not once: a second, impatient Ctrl-C must not leave the children behind.
  process.on(signal, () => void stopAll().finally(() => process.exit(signal === "SIGINT" ? 130 : 143)));
}

try {
  tell("Starting quotel, a fake provider and the chat app ...");
  const stack = await startStack(process.env, SEED, cleanup);
  const { verdict, settled } = await Promise.race([stack.failed, tellStory(stack)]);
  await stopAll();
  console.log(options.json ? JSON.stringify(verdict) : `\n${formatVerdict(verdict)}`);
  process.exitCode = settled && hasPassed(verdict) ? 0 : 1;
} catch (error) {
  // Once everything is being stopped, each step that fails only says so.
  if (stopping === undefined) console.error(error instanceof Error ? error.message : error);
  await stopAll();
  process.exitCode = 1;
}

/** Stops every process and removes the temporary directory; whoever calls again waits for the same end. */
function stopAll(): Promise<void> {
  stopping ??= cleanup.disposeAsync();
  return stopping;
}

async function tellStory(stack: Stack): Promise<{ verdict: Verdict; settled: boolean }> {
  for (const { tenantId, plan } of TENANTS) await stack.quotel.registerTenant(tenantId, plan);

  const traffic = await sendTraffic(stack.appUrl);
  tell("Waiting until all usage has arrived ...");
  const callsMade = new Map([...traffic].map(([tenantId, { calls }]) => [tenantId, calls]));
  const settled = await waitUntilSettled(stack.quotel, callsMade, SETTLE_TIMEOUT_MS);
  if (!settled) console.error(`Some usage had not arrived after ${SETTLE_TIMEOUT_MS / 1000} s.`);
  await stack.redelivery.finish();
  const { delivered, redelivered } = stack.redelivery.counts();
  tell(`${redelivered} of ${delivered} telemetry batches were delivered twice.`);

  const evidence = await Promise.all(TENANTS.map((tenant) => gatherEvidence(stack, tenant, traffic)));
  return { verdict: judge(evidence, performance.now() - startedAt), settled };
}

async function sendTraffic(appUrl: string): Promise<ReadonlyMap<string, TrafficOutcome>> {
  const format = "Traffic {bar} {value}/{total} calls";
  const bar = new SingleBar({ format, stream: process.stderr, noTTYOutput: false }, Presets.shades_classic);
  const showBar = talkative && process.stderr.isTTY;
  if (showBar) bar.start(CALLS, 0);
  else tell(`Sending ${CALLS} calls of ${TENANTS.length} tenants ...`);
  const interruption = new AbortController();
  cleanup.defer(() => interruption.abort());
  try {
    const outcomes = TENANTS.map(async (tenant) => {
      const outcome = await runTraffic(appUrl, tenant, SEED, interruption.signal, () => bar.increment());
      return [tenant.tenantId, outcome] as const;
    });
    return new Map(await Promise.all(outcomes));
  } finally {
    if (showBar) bar.stop();
  }
}

async function gatherEvidence(
  stack: Stack,
  tenant: TenantTraffic,
  traffic: ReadonlyMap<string, TrafficOutcome>,
): Promise<TenantEvidence> {
  const { tenantId } = tenant;
  const ledger = (await (await fetch(new URL("/ledger", stack.providerUrl))).json()) as LedgerReport;
  const provider = ledger.tenants[tenantId];
  const outcome = traffic.get(tenantId);
  if (provider === undefined || outcome === undefined) throw new Error(`${tenantId} made no call`);
  const account = await stack.quotel.readAccount(tenantId);
  return { tenant, traffic: outcome, provider, account, unjustDenials: stack.decisions.unjustDenials(tenantId) };
}

function tell(sentence: string): void {
  if (talkative) console.error(sentence);
}
