import { fork } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { randomUUIDv7 } from "node:crypto";
import { once } from "node:events";
import { afterAll, afterEach, expect, test } from "vitest";
import { createRecorder } from "../../../collector/record/recorder.ts";
import { TOKENS, startTestService } from "../../quota-service/running-service.ts";
import { tokensEvent } from "../../quota-service/decisions/tokens-event.ts";

const SPENDERS = 3;
const LIMIT = 1_500;
/** Thousands of requests on a machine that may have other work. */
const PATIENCE_MS = 120_000;

interface Account {
  readonly used: number;
  readonly denied: number;
  readonly underLease: number;
  readonly singly: number;
}

const service = await startTestService();
afterAll(service.stop);
const recorder = createRecorder({ pool: service.pool, defaultPlan: "trial", log: { warn: () => {}, error: () => {} } });
const started: ChildProcess[] = [];
afterEach(() => {
  for (const child of started.splice(0)) child.kill("SIGKILL");
});
afterAll(() => recorder.close());
// A lifetime: a day might turn during the run.
await service.pool.query("insert into quotel.plans (plan_id, version) values ('leases', 1)");
await service.pool.query(
  "insert into quotel.plan_limits (plan_id, version, resource, period, amount) values ('leases', 1, 'tokens', 'lifetime', $1)",
  [LIMIT],
);

async function newTenant(tenantId: string): Promise<string> {
  await service.pool.query("insert into quotel.tenants (tenant_id, plan_id) values ($1, 'leases')", [tenantId]);
  return tenantId;
}

function startSpender(tenantId: string, env: Readonly<Record<string, string>> = {}): ChildProcess {
  const child = fork(new URL("./spender.ts", import.meta.url), {
    execArgv: ["-C", "quotel-source"],
    env: {
      PATH: process.env["PATH"],
      QUOTEL_QUOTA_URL: service.url,
      QUOTEL_SERVICE_KEY: TOKENS.service,
      TENANT: tenantId,
      ...env,
    },
  });
  started.push(child);
  return child;
}

async function totals(tenantId: string): Promise<{ used: number; reserved: number }> {
  const sql =
    "select used, reserved from quotel.quota_totals where tenant_id = $1 and resource = 'tokens' and period = 'lifetime'";
  const { rows } = await service.pool.query<{ used: string; reserved: string }>(sql, [tenantId]);
  return { used: Number(rows[0]?.used ?? 0), reserved: Number(rows[0]?.reserved ?? 0) };
}

async function reserve(tenantId: string, amount: number): Promise<number> {
  const body = { tenantId, reservationId: randomUUIDv7(), resource: "tokens", amount };
  return (await service.call("POST", "/v1/quota/reservations", { body })).status;
}

test("processes that spend leases beside single reservations use a limit up to its last unit and never more", async () => {
  const tenantId = await newTenant("contended");
  const spenders = Array.from({ length: SPENDERS }, () => startSpender(tenantId));
  const accounts = spenders.map(async (child) => (await once(child, "message"))[0] as Account);
  let most = 0;
  await expect
    .poll(
      async () => {
        const { used, reserved } = await totals(tenantId);
        most = Math.max(most, used + reserved);
        return used;
      },
      { timeout: PATIENCE_MS, interval: 20 },
    )
    .toBe(LIMIT);
  for (const child of spenders) child.send("finish");
  const all = await Promise.all(accounts);
  const sum = (of: (account: Account) => number): number => all.reduce((total, account) => total + of(account), 0);
  console.info(
    `leases: ${sum((it) => it.underLease)} admitted under leases, ${sum((it) => it.singly)} asked singly, ` +
      `${sum((it) => it.denied)} denied, over-admission ${sum((it) => it.used) - LIMIT}`,
  );
  expect(most).toBeLessThanOrEqual(LIMIT);
  expect(sum((it) => it.used)).toBe(LIMIT);
  expect(await totals(tenantId)).toEqual({ used: LIMIT, reserved: 0 });
  expect(sum((it) => it.underLease)).toBeGreaterThan(0);
  expect(sum((it) => it.singly)).toBeGreaterThan(0);
}, 180_000);

test("a process killed while it spends leases takes no more from the others than it held, and that only until the period ends", async () => {
  const tenantId = await newTenant("one-is-killed");
  const victim = startSpender(tenantId);
  const spenders = Array.from({ length: SPENDERS - 1 }, () => startSpender(tenantId));
  const accounts = spenders.map(async (child) => (await once(child, "message"))[0] as Account);
  await expect
    .poll(async () => (await totals(tenantId)).used, { timeout: PATIENCE_MS, interval: 20 })
    .toBeGreaterThan(LIMIT / 10);
  victim.kill("SIGKILL");
  // The others go on until nothing is left and nothing moves any more.
  let before = await totals(tenantId);
  const moved = async (): Promise<number> => {
    const now = await totals(tenantId);
    const room = LIMIT - now.used - now.reserved;
    const difference = room + Math.abs(now.used - before.used);
    before = now;
    return difference;
  };
  await expect.poll(moved, { timeout: PATIENCE_MS, interval: 1_500 }).toBe(0);
  for (const child of spenders) child.send("finish");
  await Promise.all(accounts);

  const { used, reserved } = await totals(tenantId);
  expect(used + reserved).toBe(LIMIT);
  expect(await reserve(tenantId, 1)).toBe(429);
  const kept = async (): Promise<number> => {
    const sql =
      "select count(*)::integer as n from quotel.reservations where tenant_id = $1 and expires_at is not null";
    return (await service.pool.query<{ n: number }>(sql, [tenantId])).rows[0]!.n;
  };
  // The period they are kept to ends.
  const runOut =
    "update quotel.reservations set expires_at = now(), kept_until = null where tenant_id = $1 and expires_at is not null";
  await service.pool.query(runOut, [tenantId]);
  await expect.poll(kept, { timeout: 10_000 }).toBe(0);
  expect(await reserve(tenantId, LIMIT - used + 1)).not.toBe(201);
  expect(await reserve(tenantId, LIMIT - used)).toBe(201);
}, 180_000);

test("what a killed process had leased is kept for its spans until the period ends, and then is free", async () => {
  const tenantId = await newTenant("killed");
  const child = startSpender(tenantId, { HOLD: "1" });
  const [{ reservationId }] = (await once(child, "message")) as [{ reservationId: string }];
  child.kill("SIGKILL");
  await once(child, "exit");
  const { reserved } = await totals(tenantId);
  expect(reserved).toBeGreaterThan(0);
  const isNow = async (): Promise<string | undefined> => {
    const sql = "select state from quotel.reservations where tenant_id = $1 and reservation_id = $2";
    return (await service.pool.query<{ state: string }>(sql, [tenantId, reservationId])).rows[0]?.state;
  };
  const runOut = (): Promise<unknown> =>
    service.pool.query(
      "update quotel.reservations set expires_at = now() where tenant_id = $1 and reservation_id = $2",
      [tenantId, reservationId],
    );

  await runOut();
  await expect.poll(isNow, { timeout: 10_000 }).toBe("kept");
  expect(await reserve(tenantId, LIMIT - reserved)).toBe(201);
  expect(await reserve(tenantId, 1)).toBe(429);

  await recorder.record([tokensEvent(tenantId, "late", 2, reservationId)], { keyId: "ingest", tenants: null });
  expect(await totals(tenantId)).toEqual({ used: 2, reserved: LIMIT - 2 });
  expect(await reserve(tenantId, 1)).toBe(429);

  await runOut();
  await expect.poll(isNow, { timeout: 10_000 }).toBe("expired");
  expect(await reserve(tenantId, reserved - 1)).toBe(429);
  expect(await reserve(tenantId, reserved - 2)).toBe(201);
});
