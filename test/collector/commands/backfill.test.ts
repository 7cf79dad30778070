import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { endBackfill } from "#database/backfill/end-backfill";
import { listBackfills } from "#database/backfill/list-backfills";
import { createPool } from "#database/pool";
import { foldRollups } from "#database/rollups/fold";
import { backfill } from "../../../collector/commands/backfill/backfill.ts";
import type { BackfillReport } from "../../../collector/commands/backfill/backfill.ts";
import { revert } from "../../../collector/commands/backfill/revert.ts";
import { DEFAULT_TENANT_ATTRIBUTES } from "../../../collector/normalise/tenant/tenant-attributes.ts";
import { createPrice } from "../../../collector/price/price.ts";
import { bucketDrift } from "../../database/attribution/bucket-drift.ts";
import { driftFromLedger, storedTotals } from "../../database/record/usage-oracle.ts";
import { createTestDatabase } from "../../database/test-database.ts";

const DAY_MS = 86_400_000;

const database = await createTestDatabase();
afterAll(database.drop);
const pool = createPool({ connectionString: database.ownerUrl, applicationName: "operator" });
afterAll(() => pool.end());
const directory = await mkdtemp(join(tmpdir(), "quotel-backfill-"));
afterAll(() => rm(directory, { recursive: true }));

/** A line with one chat span of 100 tokens, which ended so many days ago; the number is its identity. */
function line(number: number, daysAgo: number, tenant = "acme", tenantAttribute = "quotel.tenant.id"): string {
  const endMs = Math.floor(Date.now() / DAY_MS) * DAY_MS - daysAgo * DAY_MS + number;
  const text = (key: string, value: string): object => ({ key, value: { stringValue: value } });
  const span = {
    traceId: number.toString(16).padStart(32, "0"),
    spanId: "00000000000000ab",
    name: "chat gpt-4o",
    kind: 3,
    startTimeUnixNano: `${endMs - 40 - number}000000`,
    endTimeUnixNano: `${endMs}000000`,
    attributes: [
      text("gen_ai.operation.name", "chat"),
      text("gen_ai.provider.name", "openai"),
      text("gen_ai.request.model", "gpt-4o"),
      text(tenantAttribute, tenant),
      { key: "gen_ai.usage.input_tokens", value: { intValue: "60" } },
      { key: "gen_ai.usage.output_tokens", value: { intValue: 40 } },
    ],
  };
  return JSON.stringify({ resourceSpans: [{ scopeSpans: [{ scope: { name: "app" }, spans: [span] }] }] });
}

async function run(
  lines: readonly string[],
  dryRun = false,
  tenantAttributes = DEFAULT_TENANT_ATTRIBUTES,
): Promise<BackfillReport> {
  const file = join(directory, "traces.jsonl");
  await writeFile(file, `${lines.join("\n")}\n`);
  const producer = { keyId: "backfill", tenants: null };
  return backfill({ pool, file, producer, price: createPrice(), tenantAttributes, defaultPlan: "trial", dryRun });
}

async function tokensOf(tenant: string): Promise<number> {
  const key = `${tenant} tokens lifetime 1970-01-01T00:00:00.000Z`;
  return (await storedTotals(pool)).get(key) ?? 0;
}

async function expectNoDrift(): Promise<void> {
  expect(await driftFromLedger(pool)).toEqual([]);
  await foldRollups(pool);
  expect(await driftFromLedger(pool)).toEqual([]);
  expect(await bucketDrift(pool)).toEqual([]);
}

const range = (from: number, to: number): number[] => Array.from({ length: to - from }, (_, index) => from + index);

test("usage far beyond the horizon is recorded out of files, once however they overlap, and each run takes back what it added", async () => {
  const dry = await run(
    range(1, 1_500).map((number) => line(number, 90)),
    true,
  );
  expect(dry).toMatchObject({ backfillId: null, events: 1_499 });
  expect(await tokensOf("acme")).toBe(0);

  const first = await run(range(1, 1_500).map((number) => line(number, 90 + (number % 3))));
  expect(first).toMatchObject({ accepted: 1_499, duplicate: 0, badLine: null });
  const second = await run(range(1_000, 2_000).map((number) => line(number, 90 + (number % 3))));
  expect(second).toMatchObject({ accepted: 500, duplicate: 500 });
  expect(await tokensOf("acme")).toBe(1_999 * 100);
  await expectNoDrift();

  expect(await revert(pool, first.backfillId!)).toEqual({ kind: "reverted", events: 1_499 });
  expect(await tokensOf("acme")).toBe(500 * 100);
  await expectNoDrift();
  expect(await revert(pool, first.backfillId!)).toEqual({ kind: "reverted", events: 0 });

  const again = await run(range(1, 1_500).map((number) => line(number, 90 + (number % 3))));
  expect(again.accepted).toBe(1_499);
  const runs = await listBackfills(pool);
  expect(runs.map(({ events }) => events)).toEqual([1_499, 500, 0]);
  for (const { backfillId } of runs) await revert(pool, backfillId);
  expect(await storedTotals(pool)).toEqual(new Map());
  const { rows } = await pool.query("select from quotel.folded_rollups");
  expect(rows).toEqual([]);
});

test("retention leaves the days of a backfill alone until it is closed", async () => {
  const cleanUp = async (): Promise<number> => {
    const { rows } = await pool.query<{ dropped: number }>("select cleanup_old_realtime_events() as dropped");
    return rows[0]!.dropped;
  };
  await cleanUp();
  const report = await run([line(1, 45, "kept"), line(2, 75, "kept")]);
  await foldRollups(pool);
  expect(await cleanUp()).toBe(0);
  await endBackfill(pool, report.backfillId!, "closed");
  expect(await revert(pool, report.backfillId!)).toEqual({ kind: "closed" });
  expect(await cleanUp()).toBe(2);
  expect(await tokensOf("kept")).toBe(200);
});

test("a line that is no request is said by its number, and the others count", async () => {
  const report = await run([line(1, 50, "lines"), "{ not json", "", line(2, 50, "lines")]);
  expect(report).toMatchObject({ accepted: 2, badLine: { line: 2 } });
  expect(report.leftOut.said("left out")).toBe("left out: undecodable_line (1)");
});

test("I3: days that count events whose ledger is gone take no more, because nobody could tell which are counted", async () => {
  await run([line(1, 60, "sealed"), line(2, 60, "sealed")]);
  await foldRollups(pool);
  // As retention does it, once the backfill is closed.
  const day = new Date(Math.floor(Date.now() / DAY_MS) * DAY_MS - 60 * DAY_MS).toISOString().slice(0, 10);
  await pool.query(`drop table quotel.usage_events_${day.replaceAll("-", "")}`);
  await pool.query("update quotel.ledger_seal set sealed_before = $1::date + 1", [day]);
  const report = await run([line(2, 60, "sealed"), line(3, 60, "sealed"), line(4, 60, "elsewhere")]);
  expect(report.accepted).toBe(1);
  expect(report.leftOut.said("left out")).toBe("left out: sealed_day (2)");
  expect(await tokensOf("sealed")).toBe(200);
  expect(await tokensOf("elsewhere")).toBe(100);
});

test("spans that have yet to end are left out and said", async () => {
  const report = await run([line(1, -3, "early")]);
  expect(report.accepted).toBe(0);
  expect(report.leftOut.said("left out")).toBe("left out: in_future (1)");
});

test("a file's spans belong to the tenant in the configured attribute", async () => {
  const where = { names: ["quotel.tenant.id", "org.id"], jsonNames: [] };
  await run([line(1, 50, "named", "org.id"), line(2, 50, "not-named", "tenant.id")], false, where);
  expect([await tokensOf("named"), await tokensOf("not-named")]).toEqual([100, 0]);
});
