import { afterAll, expect, test, vi } from "vitest";
import { watchOverrides } from "../../../collector/price/overrides/watch-overrides.ts";
import { createPrice } from "../../../collector/price/price.ts";
import { createPool } from "#database/pool";
import { addOverride } from "#database/prices/add-override";
import { asOwner } from "#database/operator/as-owner";
import { createTestDatabase } from "../../database/test-database.ts";

const database = await createTestDatabase();
afterAll(database.drop);
const owner = createPool({ connectionString: database.ownerUrl, applicationName: "ops" });
const writer = createPool({ connectionString: database.writerUrl, applicationName: "collector" });
afterAll(() => Promise.all([owner.end(), writer.end()]));

const EVENT = {
  eventType: "chat",
  provider: "own-cluster",
  model: "llama",
  serviceTier: null,
  endedAtMicros: Date.now() * 1000,
  inputTokens: 1_000,
  outputTokens: 0,
  cacheReadTokens: null,
  cacheWriteTokens: null,
  reasoningTokens: null,
  detail: null,
};

function setPrice(input: number): Promise<void> {
  const prices = { input, output: 0, cacheRead: null, cacheWrite: null, reasoning: null, perRequest: null };
  const override = { provider: "own-cluster", model: "llama", serviceTier: null, validFromMs: 0, prices };
  return asOwner(owner, (client) => addOverride(client, override, { reason: "test", actor: "test" }));
}

test("a running collector learns of a new price, and keeps the last ones while the database is away", async () => {
  await setPrice(1);
  const warnings: string[] = [];
  const log = { warn: (_: object, message: string) => void warnings.push(message) };
  const watched = await watchOverrides(writer, log, 20);
  const price = createPrice(watched.overrides);
  expect(price(EVENT)).toBe(1_000_000);
  await setPrice(2);
  await vi.waitFor(() => expect(price(EVENT)).toBe(2_000_000), { timeout: 20_000 });
  await owner.query("alter table quotel.price_overrides rename to elsewhere");
  await vi.waitFor(() => expect(warnings.length).toBeGreaterThan(0), { timeout: 20_000 });
  expect(price(EVENT)).toBe(2_000_000);
  await owner.query("alter table quotel.elsewhere rename to price_overrides");
  await setPrice(3);
  await vi.waitFor(() => expect(price(EVENT)).toBe(3_000_000), { timeout: 20_000 });
  await watched.stop();
});
