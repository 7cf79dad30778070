import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import fc from "fast-check";
import { afterAll, expect, test } from "vitest";
import { KeyRing } from "#database/keys/key-ring";
import { createPool } from "#database/pool";
import type { UsageEvent } from "#database/record/usage-event";
import { readRequest } from "../../../collector/commands/reattribute/arguments.ts";
import type { ReattributeRequest } from "../../../collector/commands/reattribute/arguments.ts";
import { reattribute } from "../../../collector/commands/reattribute/reattribute.ts";
import { createRecorder } from "../../../collector/record/recorder.ts";
import { arbitraryEvent } from "../../database/record/arbitrary-event.ts";
import { createTestDatabase } from "../../database/test-database.ts";

const ROOT = join(import.meta.dirname, "../../..");

const database = await createTestDatabase();
afterAll(database.drop);
const pool = createPool({ connectionString: database.ownerUrl, applicationName: "test" });
afterAll(() => pool.end());

/** Runs a command as an operator would. */
async function command(
  program: string,
  ...args: string[]
): Promise<{ readonly code: number; readonly stdout: string; readonly stderr: string }> {
  const child = spawn(process.execPath, ["-C", "quotel-source", join(ROOT, program), ...args], {
    env: { PATH: process.env["PATH"], DATABASE_URL: database.ownerUrl },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const [stdout, stderr, [code]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, "exit")]);
  return { code: code as number, stdout, stderr };
}

test("an operator makes a key for some tenants and scopes, sees its token once, and revokes it", async () => {
  const keys = (...args: string[]) => command("database/keys/main.ts", ...args);
  const options = ["--kind", "ingest", "--name", "gateway", "--tenant", "acme", "--tenant", "globex"];
  const made = await keys("create", ...options, "--count-scope", "openai*");
  const token = /^quotel_\S+$/m.exec(made.stdout)![0];
  expect(await new KeyRing(pool).find(token)).toEqual({
    keyId: "gateway",
    kind: "ingest",
    tenants: ["acme", "globex"],
    countScopes: ["openai*"],
  });
  const [listed, again] = await Promise.all([keys("list"), keys("create", ...options)]);
  expect(listed.stdout).toContain("acme globex");
  expect(listed.stdout).not.toContain(token);
  expect(again).toMatchObject({ code: 1, stdout: "" });
  expect(await keys("revoke", "gateway")).toMatchObject({ code: 0 });
  expect(await new KeyRing(pool).find(token)).toBeNull();
});

test("an operator finds usage that was recorded for nobody and gives it to its tenant", async () => {
  const writer = createPool({ connectionString: database.writerUrl, applicationName: "collector" });
  const recorder = createRecorder({ pool: writer, defaultPlan: null, log: { warn: () => {}, error: () => {} } });
  const events = fc
    .sample(arbitraryEvent(Date.now() * 1000), 8)
    .map((event, index): UsageEvent => ({ ...event, tenantId: index < 3 ? "acme" : "unattributed" }));
  await recorder.record(events, { keyId: "test", tenants: null });
  const request = (...args: string[]) => readRequest(["--to", "acme", ...args], Date.now()) as ReattributeRequest;
  expect(await reattribute(pool, request())).toEqual({ kind: "unknown_tenant" });
  await pool.query("insert into quotel.tenants (tenant_id, plan_id) values ('acme', 'trial')");
  const where = ["--where", "claimed_tenant=acme"];
  expect(await reattribute(pool, request(...where, "--dry-run"))).toEqual({ kind: "would_move", events: 3 });
  expect(await command("collector/commands/reattribute/main.ts", "--to", "acme", ...where)).toMatchObject({
    code: 0,
    stdout: "3 events now count for acme; 0 of them it had already.\n",
  });
  expect(await reattribute(pool, request(...where))).toEqual({ kind: "moved", moved: 0, known: 0 });
  await pool.query("update quotel.ledger_seal set unsealed_from = now() + interval '1 hour'");
  expect(await reattribute(pool, request())).toEqual({ kind: "sealed", events: 5 });
  await recorder.close();
  await writer.end();
});

test("reattribute says what is wrong with its arguments", () => {
  const nowMs = Date.UTC(2026, 5, 1);
  const read = (...args: string[]) => readRequest(args, nowMs);
  expect(read()).toContain("--to must name a tenant");
  expect(read("--to", "unattributed")).toContain("--to must name a tenant");
  expect(read("--to", "acme", "--from", "yesterday")).toContain("--from and --until must be a UTC day");
  expect(read("--to", "acme", "--where", "model")).toContain("KEY=VALUE");
  // Without its offset it could be anybody's midday.
  expect(read("--to", "acme", "--until", "2026-05-01T12:00")).toContain("--from and --until must be");
  expect(read("--to", "acme", "--from", "2026-05-01", "--until", "now")).toMatchObject({
    filter: { fromMs: Date.UTC(2026, 4, 1), untilMs: nowMs },
  });
});

test("the quarantine and backfill commands run, and say how they are used where they are not", async () => {
  const [misused, replayed, missing] = await Promise.all([
    command("collector/commands/quarantine/main.ts", "show", "7"),
    command("collector/commands/quarantine/main.ts", "replay"),
    command("collector/commands/backfill/main.ts", "/nowhere.jsonl"),
  ]);
  expect(misused).toMatchObject({ code: 2, stderr: '"7" is no id of an item\n' });
  expect(replayed).toMatchObject({ code: 0, stdout: "0 items count now\n" });
  expect(missing).toMatchObject({ code: 1, stderr: expect.stringContaining("ENOENT") as string });
});
