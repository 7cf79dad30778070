import { execFile } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir, userInfo } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { createPool } from "#database/pool";
import { createTestDatabase } from "../test-database.ts";

const database = await createTestDatabase();
const owner = createPool({ connectionString: database.ownerUrl, applicationName: "test" });
const directory = await mkdtemp(join(tmpdir(), "quotel-plans-"));
afterAll(database.drop);
afterAll(() => owner.end());
afterAll(() => rm(directory, { recursive: true, force: true }));

const PROGRAM = join(import.meta.dirname, "../../../database/plans/command/main.ts");

interface Ran {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

/** Runs the command as its npm script does; without a database where `url` is null. */
function run(args: readonly string[], url: string | null = database.ownerUrl): Promise<Ran> {
  return new Promise((resolve) => {
    const env = {
      ...process.env,
      QUOTEL_MIGRATE_DATABASE_URL: url ?? "",
      DATABASE_URL: "",
      QUOTEL_DATA_DIR: directory,
    };
    const child = execFile(process.execPath, ["-C", "quotel-source", PROGRAM, ...args], { env }, (_, out, err) =>
      resolve({ code: child.exitCode ?? -1, out, err }),
    );
  });
}

async function fileOf(name: string, text: string): Promise<string> {
  const file = join(directory, name);
  await writeFile(file, text);
  return file;
}

const tokens = { resource: "tokens", period: "day", amount: 100 };
const members = { resource: "members", period: "level", amount: 5, enforcement: "soft" };

test("a catalogue is compared and applied as a command, limit by limit, and a repetition changes nothing", async () => {
  const first = await fileOf("first.json", JSON.stringify({ plans: { free: { limits: [tokens, members] } } }));
  const created = "free: new (version 1)\n  + tokens per day: 100\n  + members per level: 5, enforcement soft\n";
  expect(await run(["diff", first])).toEqual({ code: 0, out: created, err: "" });
  expect((await owner.query("select from quotel.plans")).rowCount).toBe(0);
  expect(await run(["apply", first])).toEqual({ code: 0, out: created, err: "" });
  expect((await run(["apply", first])).out).toBe("free: unchanged (version 1)\n");

  const limits = [
    { ...tokens, amount: null, graceFraction: 0.1 },
    { ...tokens, period: "month" },
  ];
  const second = await fileOf(
    "second.json",
    JSON.stringify({ plans: { free: { features: ["export"], rank: 3, limits } } }),
  );
  const changed = [
    "free: version 1 -> 2",
    "  rank 0 -> 3",
    "  + feature export",
    "  tokens per day: amount 100 -> unlimited, graceFraction 0 -> 0.1",
    "  + tokens per month: 100",
    "  - members per level: 5, enforcement soft",
    "",
  ].join("\n");
  expect((await run(["diff", second])).out).toBe(changed);
  expect((await run(["apply", second])).out).toBe(changed);
  expect((await run(["show", "free"])).out).toBe(
    [
      "free (version 2, rank 3)",
      "  features: export",
      "  tokens per day: unlimited, graceFraction 0.1",
      "  tokens per month: 100",
      "",
    ].join("\n"),
  );
  const { rows } = await owner.query("select distinct actor from quotel.plans");
  expect(rows).toEqual([{ actor: userInfo().username }]);
  expect((await run(["list"])).out).toContain("free (version 2, rank 3)");
});

test("nonsense in a catalogue is refused with line, column and field, without a database, and applied by nothing", async () => {
  const text = `{
  "plans": {
    "pro": {
      "limits": [
        { "resource": "tokens", "period": "week", "amount": 1 },
        {
          "resource": "tokens",
          "period": "day",
          "ammount": 2
        }
      ]
    }
  }
}`;
  const file = await fileOf("wrong.json", text);
  const validated = await run(["validate", file], null);
  expect(validated).toMatchObject({ code: 1, out: "" });
  expect(validated.err).toContain(`${file}: line 5, column 33: plans.pro.limits[0].period: `);
  expect(validated.err).toContain(`${file}: line 6, column 9: plans.pro.limits[1].amount: `);
  expect(validated.err).toContain(`${file}: line 9, column 11: plans.pro.limits[1].ammount: is not a known field`);
  const notJson = await fileOf("not.json", '{\n  "plans": unlimited\n}');
  expect((await run(["validate", notJson], null)).err).toContain("line 2, column 12: ");
  for (const command of ["diff", "apply"]) {
    expect(await run([command, file])).toEqual({ code: 1, out: "", err: validated.err });
  }
  expect((await owner.query("select from quotel.plans where plan_id = 'pro'")).rowCount).toBe(0);
});

test("a right catalogue validates without a database", async () => {
  const plans = join(import.meta.dirname, "../../../plans.json");
  const expected = `${plans} is a catalogue of trial (4 limits), starter (4 limits), pro (4 limits), enterprise (4 limits)\n`;
  expect(await run(["validate", plans], null)).toEqual({ code: 0, out: expected, err: "" });
});

test.each(["", "apply", "list x", "remove free", "diff a b"])('plans "%s" explains how it is used', async (text) => {
  const { code, err } = await run(text.split(" ").filter(Boolean));
  expect(code).toBe(2);
  expect(err).toContain("npm run plans -- apply FILE");
});
