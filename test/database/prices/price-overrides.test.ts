import { afterAll, beforeEach, describe, expect, test } from "vitest";
import { createPool } from "#database/pool";
import { addOverride } from "#database/prices/add-override";
import type { OverridePrices, PriceOverride } from "#database/prices/price-override";
import { readOverrides } from "#database/prices/read-overrides";
import { asOwner } from "#database/operator/as-owner";
import { CHECK_VIOLATION, INSUFFICIENT_PRIVILEGE } from "#database/sqlstate";
import { inTransaction } from "#database/transaction";
import { createTestDatabase } from "../test-database.ts";

const ORIGIN = { reason: "the contract of May", actor: "ops" };
const PRICES: OverridePrices = {
  input: 0.000_001,
  output: 123_456.654_321,
  cacheRead: 0,
  cacheWrite: null,
  reasoning: null,
  perRequest: 0.000_000_001,
};
const OVERRIDE: PriceOverride = {
  provider: "openai",
  model: "gpt-4o*",
  serviceTier: "flex",
  validFromMs: Date.UTC(2026, 4, 1),
  prices: PRICES,
};

describe.each([18, 15] as const)("on Postgres %i", async (version) => {
  const database = await createTestDatabase({ version });
  afterAll(database.drop);
  const owner = createPool({ connectionString: database.ownerUrl, applicationName: "ops" });
  const writer = createPool({ connectionString: database.writerUrl, applicationName: "collector" });
  afterAll(() => Promise.all([owner.end(), writer.end()]));
  beforeEach(async () => {
    await owner.query("truncate quotel.price_overrides");
  });

  const add = (override: Partial<PriceOverride>, origin = ORIGIN): Promise<void> =>
    asOwner(owner, (client) => addOverride(client, { ...OVERRIDE, ...override }, origin));

  test("a price override is read as it was added, to the last decimal", async () => {
    await add({});
    await add({ provider: "ollama", model: "llama3", serviceTier: null, prices: { ...PRICES, input: 0, output: 0 } });
    await add({
      provider: "ollama",
      model: "llama3",
      serviceTier: null,
      validFromMs: Date.UTC(2026, 5, 1),
      prices: null,
    });
    const llama = { ...OVERRIDE, ...ORIGIN, provider: "ollama", model: "llama3", serviceTier: null };
    expect(await readOverrides(writer)).toEqual([
      { ...llama, prices: { ...PRICES, input: 0, output: 0 } },
      { ...llama, validFromMs: Date.UTC(2026, 5, 1), prices: null },
      { ...OVERRIDE, ...ORIGIN },
    ]);
  });

  test("of price overrides for the same key and instant the one added last holds, and the others stay on record", async () => {
    await add({ serviceTier: null });
    await add({ serviceTier: null, prices: null }, { reason: "a mistake", actor: "ops" });
    await add({ serviceTier: null, prices: { ...PRICES, input: 2 } });
    expect((await readOverrides(writer)).map(({ prices }) => prices?.input)).toEqual([2]);
    const { rows } = await owner.query("select reason from quotel.price_overrides order by override_id");
    expect(rows.map(({ reason }) => reason as string)).toEqual([ORIGIN.reason, "a mistake", ORIGIN.reason]);
  });

  test.each([
    ["less than nothing", { prices: { ...PRICES, input: -1 } }],
    ["a name that no event has", { model: "GPT-4o" }],
    ["a * in the middle", { model: "gpt-*-mini" }],
    ["no price and no end", { prices: { ...PRICES, input: null, output: null, cacheRead: null, perRequest: null } }],
  ])("a price override that says %s is refused", async (_, override) => {
    await expect(add(override)).rejects.toMatchObject({ code: CHECK_VIOLATION });
  });

  test("I13: services read price overrides and cannot add any", async () => {
    const adding = inTransaction(writer, (client) => addOverride(client, OVERRIDE, ORIGIN));
    await expect(adding).rejects.toMatchObject({ code: INSUFFICIENT_PRIVILEGE });
  });
});
