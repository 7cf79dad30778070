import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, expect, test } from "vitest";
import { ensureKey } from "#database/keys/ensure-key";
import { KeyRing } from "#database/keys/key-ring";
import { createPool } from "#database/pool";
import { isUnavailable } from "#database/sqlstate";
import { createTestDatabase } from "../test-database.ts";
import { openCuttableConnection } from "./cuttable-connection.ts";

const database = await createTestDatabase();
const pool = createPool({ connectionString: database.writerUrl, applicationName: "test" });
afterAll(database.drop);
afterAll(() => pool.end());

test("a key is known by its token and kind, and is stored as a hash only", async () => {
  await ensureKey(pool, { keyId: "gateway", kind: "ingest", token: "the-token-of-gateway", tenants: ["acme"] });
  const ring = new KeyRing(pool);
  const key = { keyId: "gateway", kind: "ingest", tenants: ["acme"], countScopes: null };
  expect(await ring.authenticate("the-token-of-gateway", ["ingest"])).toEqual(key);
  expect(await ring.authenticate("the-token-of-gateway", ["service", "admin"])).toBeNull();
  expect(await ring.find("the-token-of-gateway")).toEqual(key);
  expect(await ring.authenticate("The-token-of-gateway", ["ingest"])).toBeNull();
  const { rows } = await pool.query<{ row: string }>("select k::text as row from quotel.api_keys k");
  expect(rows.map(({ row }) => row).join()).not.toContain("the-token-of-gateway");
});

test("storing the same key from several processes at once makes one key", async () => {
  const key = { keyId: "shared", kind: "service", token: "the-token-of-shared" } as const;
  await Promise.all(Array.from({ length: 8 }, () => ensureKey(pool, key)));
  const { rows } = await pool.query("select from quotel.api_keys where key_id = 'shared'");
  expect(rows).toHaveLength(1);
});

test("a new token replaces the old one, also for those who remember the old one, within the time it is believed", async () => {
  await ensureKey(pool, { keyId: "rotated", kind: "service", token: "the-old-token" });
  const ring = new KeyRing(pool, { knownForMs: 50 });
  expect(await ring.find("the-old-token")).not.toBeNull();
  await ensureKey(pool, { keyId: "rotated", kind: "service", token: "the-new-token" });
  expect(await ring.find("the-new-token")).toMatchObject({ keyId: "rotated" });
  await sleep(60);
  expect(await ring.find("the-old-token")).toBeNull();
});

test("a token that another key has is refused with the reason", async () => {
  await ensureKey(pool, { keyId: "first", kind: "service", token: "a-token-used-twice" });
  const second = ensureKey(pool, { keyId: "second", kind: "admin", token: "a-token-used-twice" });
  await expect(second).rejects.toThrow('The token of key "second" already belongs to another key');
  await ensureKey(pool, { keyId: "second", kind: "admin", token: "the-token-of-second" });
  const changed = ensureKey(pool, { keyId: "second", kind: "admin", token: "a-token-used-twice" });
  await expect(changed).rejects.toThrow("already belongs to another key");
});

test("a revoked key is unknown and stays so when it is stored again at the next start", async () => {
  const key = { keyId: "revoked", kind: "service", token: "a-revoked-token" } as const;
  await ensureKey(pool, key);
  await pool.query("update quotel.api_keys set revoked_at = now() where key_id = 'revoked'");
  await ensureKey(pool, key);
  expect(await new KeyRing(pool).find("a-revoked-token")).toBeNull();
  await ensureKey(pool, { ...key, token: "a-fresh-token" });
  expect(await new KeyRing(pool).find("a-fresh-token")).toMatchObject({ keyId: "revoked" });
});

test("an unknown token is looked up again after a moment, so that a new key works soon", async () => {
  const ring = new KeyRing(pool, { unknownForMs: 500 });
  expect(await ring.find("the-token-of-late")).toBeNull();
  await ensureKey(pool, { keyId: "late", kind: "ingest", token: "the-token-of-late" });
  expect(await ring.find("the-token-of-late")).toBeNull();
  await sleep(510);
  expect(await ring.find("the-token-of-late")).toMatchObject({ keyId: "late" });
});

test("while the database is away a known key is believed longer, and an unknown one is an error, not a refusal", async () => {
  await ensureKey(pool, { keyId: "loyal", kind: "service", token: "the-token-of-loyal" });
  const connection = await openCuttableConnection(database.writerUrl);
  const ownPool = createPool({ connectionString: connection.url, applicationName: "test" });
  const ring = new KeyRing(ownPool, { knownForMs: 10, staleForMs: 500 });
  expect(await ring.find("the-token-of-loyal")).toMatchObject({ keyId: "loyal" });
  await connection.cut();
  await sleep(20);
  expect(await ring.find("the-token-of-loyal")).toMatchObject({ keyId: "loyal" });
  await expect(ring.find("a-token-nobody-has")).rejects.toSatisfy(isUnavailable);
  await sleep(500);
  await expect(ring.find("the-token-of-loyal")).rejects.toSatisfy(isUnavailable);
  await ownPool.end();
});
