import { afterAll, describe, expect, test } from "vitest";
import type { DecisionEngine } from "../../../quota-service/decisions/contract.ts";
import { createPool } from "#database/pool";
import { createTestDatabase } from "../../database/test-database.ts";
import { awayFromMidnight } from "../../pipeline/race/away-from-midnight.ts";
import { FILLING, TOKENS_PER_DAY, analyse, check, fill, reserve, subscribe, withEngine } from "./sized-database.ts";
import type { Size } from "./sized-database.ts";
import { difference, excess, workDone } from "./work-done.ts";
import type { Work } from "./work-done.ts";

const SMALL: Size = { events: 100, days: 31, otherTenants: 5, open: 10 };
const LARGE: Size = { events: 2_000, days: 620, otherTenants: 100, open: 10_000 };
const NEW: Size = { events: 1, days: 31, otherTenants: 0, open: 1 };
/** Enough for statements to keep their plans: from the sixth time on they are not planned anew. */
const DECISIONS = 20;
/** Each day of a month may lie in a block of its own, and a larger index may be a level or two deeper. */
const ALLOWED = { rows: 2 * DECISIONS, entries: 2 * DECISIONS, blocks: 40 * DECISIONS };

type Decide = (engine: DecisionEngine, size: Size) => Promise<boolean>;
/** It would fit, were it not for the holds: the answer says when the first of them ends. */
const heldElsewhere = ({ events }: Size): number => TOKENS_PER_DAY - events;
const KINDS: readonly [string, boolean, Decide][] = [
  ["a check that allows", true, (engine) => check(engine, "tokens", 1)],
  ["a check that holds are in the way of", false, (engine, size) => check(engine, "tokens", heldElsewhere(size))],
  ["a reservation", true, (engine) => reserve(engine, "tokens", 1)],
  [
    "a reservation that holds are in the way of",
    false,
    (engine, size) => reserve(engine, "tokens", heldElsewhere(size)),
  ],
  ["a reservation against a rate limit", true, (engine) => reserve(engine, "api_calls", 1)],
];

/** Decides again and again, and expects the same each time. */
async function repeat(decide: Decide, engine: DecisionEngine, size: Size, allowed: boolean): Promise<void> {
  for (let made = 0; made < DECISIONS; made++) expect(await decide(engine, size)).toBe(allowed);
}

async function repeatAll(engine: DecisionEngine, size: Size): Promise<void> {
  for (const [, allowed, decide] of KINDS) await repeat(decide, engine, size, allowed);
}

describe.each([18, 15] as const)("decisions on Postgres %i", async (version) => {
  const databaseOf = async (size: Size) => {
    const database = await createTestDatabase({ version });
    afterAll(database.drop);
    const admin = createPool({ connectionString: database.adminUrl, applicationName: "test" });
    afterAll(() => admin.end());
    await subscribe(database);
    await fill(database, size);
    return { ...database, admin };
  };
  // What is filled in today is read as today's.
  await awayFromMidnight(90_000);
  const [small, large, growing] = [await databaseOf(SMALL), await databaseOf(LARGE), await databaseOf(NEW)];
  for (const database of [small, large]) await workDone(database.admin, FILLING, () => analyse(database));

  const workOf = (database: typeof small, work: (engine: DecisionEngine) => Promise<void>): Promise<Work> =>
    workDone(database.admin, "deciding", () => withEngine(database, "deciding", work));

  test.each(KINDS)(
    "%s reads no more beside 20 times the ledger, days and tenants, and 1 000 times the open reservations",
    async (_, allowed, decide) => {
      const less = await workOf(small, (engine) => repeat(decide, engine, SMALL, allowed));
      const more = await workOf(large, (engine) => repeat(decide, engine, LARGE, allowed));
      expect(less.get("day_totals")!.blocks).toBeGreaterThanOrEqual(DECISIONS);
      expect(excess(less, more, ALLOWED)).toEqual(new Map());
      expect(more.get("usage_events")).toEqual({ rows: 0, entries: 0, blocks: 0 });
    },
  );

  test("decisions by plans that were made while the database was new read no more once it has grown", async () => {
    let filling: Work = new Map();
    const grown = await workOf(growing, async (engine) => {
      await repeatAll(engine, NEW);
      filling = await workDone(growing.admin, FILLING, () => fill(growing, LARGE));
      await repeatAll(engine, { ...LARGE, events: NEW.events + LARGE.events });
    });
    const twice = await workOf(small, async (engine) => {
      await repeatAll(engine, SMALL);
      await repeatAll(engine, SMALL);
    });
    const each = 2 * KINDS.length;
    const allowed = { rows: each * ALLOWED.rows, entries: each * ALLOWED.entries, blocks: each * ALLOWED.blocks };
    expect(excess(twice, difference(grown, filling), allowed)).toEqual(new Map());
  });

  test.each([
    ["a lifetime limit", "searches"],
    ["a level", "members"],
    ["a resource without a limit", "kb_ingests"],
  ])("%s is decided by one row for each day of its tenant, whatever else there is", async (_, resource) => {
    const read = await workOf(large, (engine) => repeat((on) => check(on, resource, 1), engine, LARGE, true));
    expect(read.get("day_totals")!.rows).toBe(LARGE.days * DECISIONS);
    expect(read.get("reservations")!.rows).toBeLessThanOrEqual(ALLOWED.rows);
    expect(read.get("usage_events")!.blocks).toBe(0);
  });
});
