import { execFile } from "node:child_process";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { readCommand } from "../../../collector/commands/prices/read-command.ts";
import { createPrice } from "../../../collector/price/price.ts";
import { createRecorder } from "../../../collector/record/recorder.ts";
import { readRange } from "../../../collector/commands/range.ts";
import { createPool } from "#database/pool";
import { foldRollups } from "#database/rollups/fold";
import { tokensEvent } from "../../quota-service/decisions/tokens-event.ts";
import { createTestDatabase } from "../../database/test-database.ts";

const database = await createTestDatabase();
afterAll(database.drop);
const owner = createPool({ connectionString: database.ownerUrl, applicationName: "oracle" });
const writer = createPool({ connectionString: database.writerUrl, applicationName: "collector" });
afterAll(() => Promise.all([owner.end(), writer.end()]));

const COMMANDS = join(import.meta.dirname, "../../../collector/commands");
const PROGRAMS = {
  prices: "prices/main.ts",
  reprice: "reprice/main.ts",
  rebuild: "rebuild/main.ts",
};

/** Runs a command as its npm script does. */
function run(program: keyof typeof PROGRAMS, args: string[], url = database.ownerUrl) {
  return new Promise<{ code: number; out: string; err: string }>((resolve) => {
    const env = { ...process.env, QUOTEL_MIGRATE_DATABASE_URL: url, DATABASE_URL: database.writerUrl };
    const file = join(COMMANDS, PROGRAMS[program]);
    const child = execFile(process.execPath, ["-C", "quotel-source", file, ...args], { env }, (_, out, err) =>
      resolve({ code: child.exitCode ?? -1, out, err }),
    );
  });
}

test("prices, reprice and rebuild do as commands what they say", async () => {
  const recorder = createRecorder({
    pool: writer,
    defaultPlan: "trial",
    log: { warn: () => {}, error: () => {} },
  });
  const event = tokensEvent("acme", "one", 1_000, null, (Date.now() - 60_000) * 1000);
  const unknown = { ...event, provider: "own-cluster", model: "Llama-3", outputTokens: 0 };
  const events = [{ ...unknown, costNanoUsd: createPrice()(unknown) }];
  expect(await recorder.record(events, { keyId: "test", tenants: null })).toEqual({ kind: "committed" });
  await recorder.close();
  await foldRollups(writer);

  const yesterday = new Date(Date.now() - 86_400_000).toISOString();
  const set = await run("prices", [
    "set",
    "own-cluster",
    "llama*",
    "--from",
    yesterday,
    "--input",
    "0.25",
    "--output",
    "1",
    "--reason",
    "power",
  ]);
  expect(set).toMatchObject({ code: 0, err: "" });
  expect(set.out).toContain(`npm run reprice -- --from ${yesterday} --to now`);
  expect((await run("prices", ["list"])).out).toContain(`own-cluster llama*  from ${yesterday}  input 0.25, output 1`);

  const range = ["--from", yesterday, "--to", "now"];
  const dry = await run("reprice", [...range, "--dry-run"]);
  expect(dry.out).toContain("1 would get another price");
  const repriced = await run("reprice", range);
  expect(repriced).toMatchObject({ code: 0 });
  expect(repriced.out).toContain("0.000000000 USD -> 0.000250000 USD");
  expect(repriced.out).toContain("unpriced  1 -> 0 events");
  expect(repriced.err).toContain("1 of 1 events");
  const [again, intact] = await Promise.all([run("reprice", range), run("rebuild", range)]);
  expect(again.out).toContain("0 got another price");
  expect(intact.out).toContain("no drift");
  await owner.query("update quotel.day_totals set used[12] = 7");
  const rebuilt = await run("rebuild", range);
  expect(rebuilt.out).toContain("drift found and put right");
  expect(rebuilt.out).toMatch(/acme total .* cost \+249993/);
  expect((await owner.query("select used[12] as cost from quotel.day_totals")).rows).toEqual([{ cost: 250_000 }]);

  await owner.query("update quotel.ledger_seal set unsealed_from = now(), sealed_before = current_date + 1");
  const sealed = await Promise.all([run("rebuild", range), run("reprice", range)]);
  expect(sealed.map(({ code, err }) => [code, /sealed|has lost events/.test(err)])).toEqual([
    [1, true],
    [1, true],
  ]);
});

test("a repair that is asked for wrongly says everything that is wrong, and how it is used", async () => {
  const runs = await Promise.all([run("rebuild", ["--from", "then"]), run("reprice", ["--form", "now"])]);
  expect(runs.map(({ code, err }) => [code, err.split("\n").length])).toEqual([
    [2, 4],
    [2, 3],
  ]);
  expect(runs.every(({ err }) => err.includes("npm run re"))).toBe(true);
});

test("a repair without the owner's rights says which variable gives them", async () => {
  const range = ["--from", "2026-01-01", "--to", "now"];
  const runs = [run("rebuild", range, database.writerUrl), run("reprice", range, database.writerUrl)];
  for (const { code, err } of await Promise.all(runs)) {
    expect([code, err]).toEqual([1, expect.stringContaining("set QUOTEL_MIGRATE_DATABASE_URL")]);
  }
});

test("a range is read from days and instants, and every mistake in it is named", () => {
  const nowMs = Date.UTC(2026, 5, 1);
  expect(readRange(["--from", "2026-05-01", "--to", "now", "--tenant", "acme", "--dry-run"], nowMs)).toEqual({
    kind: "range",
    range: { fromMs: Date.UTC(2026, 4, 1), toMs: nowMs, tenantId: "acme", dryRun: true },
  });
  expect(readRange(["--from", "2026-05-01T12:00:00+02:00", "--to", "2026-05-02"], nowMs)).toMatchObject({
    range: { fromMs: Date.UTC(2026, 4, 1, 10), tenantId: null, dryRun: false },
  });
  const problemsOf = (args: string[]): number => {
    const read = readRange(args, nowMs);
    return read.kind === "invalid" ? read.problems.length : 0;
  };
  expect(problemsOf([])).toBe(2);
  expect(problemsOf(["--from", "2026-02-31", "--to", "2026-05-01T10:00", "--tenant", "a b"])).toBe(3);
  expect(problemsOf(["--from", "2026-05-02", "--to", "2026-05-01"])).toBe(1);
  expect(problemsOf(["--form", "2026-05-02"])).toBe(1);
});

test("a price is set by provider, model, tier and instant, and every mistake in it is named", () => {
  const read = (...args: string[]) => readCommand(args, Date.UTC(2026, 5, 1));
  expect(
    read(
      "set",
      "AWS",
      "Nova*",
      "--tier",
      "Flex",
      "--from",
      "now",
      "--input",
      "1.25",
      "--request",
      "0.01",
      "--reason",
      "x",
    ),
  ).toEqual({
    kind: "add",
    override: {
      provider: "aws.bedrock",
      model: "nova*",
      serviceTier: "flex",
      validFromMs: Date.UTC(2026, 5, 1),
      prices: { input: 1.25, output: null, cacheRead: null, cacheWrite: null, reasoning: null, perRequest: 0.01 },
    },
    reason: "x",
  });
  expect(read("set", "ollama", "*", "--from", "2026-05-01", "--free", "--reason", "ours")).toMatchObject({
    override: { prices: { input: 0, output: 0 }, validFromMs: Date.UTC(2026, 4, 1) },
  });
  expect(read("end", "ollama", "*", "--from", "now", "--reason", "x")).toMatchObject({ override: { prices: null } });
  const problemsOf = (...args: string[]): number => {
    const command = read(...args);
    return command.kind === "invalid" ? command.problems.length : 0;
  };
  expect(problemsOf("set", "openai", "gpt*4", "--from", "then", "--input", "-1")).toBeGreaterThan(0);
  expect(problemsOf("set", "openai", "gpt*4", "--from", "then", "--input", "1.1234567")).toBe(4);
  expect(problemsOf("set", "openai", "gpt-4o", "--from", "now", "--free", "--input", "1", "--reason", "x")).toBe(1);
  expect(problemsOf("end", "openai", "gpt-4o", "--from", "now", "--input", "1", "--reason", "x")).toBe(1);
  expect(problemsOf("end", "openai", "--from", "now", "--reason", "x")).toBe(1);
  expect(problemsOf("unset")).toBe(1);
});
