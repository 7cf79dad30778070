import type { PoolClient } from "pg";
import { afterAll, describe, expect, test } from "vitest";
import { createPool, query } from "#database/pool";
import { errorCode, isUnavailable } from "#database/sqlstate";
import { inTransaction, inTransactionEndingWith } from "#database/transaction";
import { openCuttableConnection } from "../keys/cuttable-connection.ts";
import { createTestDatabase } from "../test-database.ts";

const database = await createTestDatabase();
const pool = createPool({ connectionString: database.adminUrl, applicationName: "test", max: 2 });
afterAll(database.drop);
afterAll(() => pool.end());
await pool.query("create table marks (mark integer primary key)");

const mark = (client: PoolClient, value: number) =>
  query(client, { name: "mark", text: "insert into marks values ($1)", values: [value] });
const marks = async (): Promise<number[]> =>
  (await pool.query<{ mark: number }>("select mark from marks order by mark")).rows.map((row) => row.mark);

describe("a transaction whose commit travels with its last statements", () => {
  test("all of it is committed when it resolves", async () => {
    const result = await inTransactionEndingWith(pool, async (client) => {
      await mark(client, 1);
      return { result: "done", written: Promise.all([mark(client, 2), mark(client, 3)]) };
    });
    expect([result, await marks()]).toEqual(["done", [1, 2, 3]]);
  });

  test("nothing of it is committed when one of them fails, and the failure is what the caller gets", async () => {
    const failed = inTransactionEndingWith(pool, async (client) => {
      await mark(client, 10);
      return { result: null, written: Promise.all([mark(client, 11), mark(client, 1), mark(client, 12)]) };
    });
    await expect(failed.catch((error: unknown) => errorCode(error))).resolves.toBe("23505");
    expect(await marks()).toEqual([1, 2, 3]);
  });

  test("nothing of it is committed when its work throws before it has sent them", async () => {
    const failed = inTransactionEndingWith(pool, async (client) => {
      await mark(client, 20);
      throw new Error("changed its mind");
    });
    await expect(failed).rejects.toThrow("changed its mind");
    expect(await marks()).toEqual([1, 2, 3]);
  });
});

test("a server that goes away in the middle fails the transaction and leaves the pool usable", async () => {
  const connection = await openCuttableConnection(database.adminUrl);
  const cuttable = createPool({ connectionString: connection.url, applicationName: "test", max: 1 });
  const failed = inTransaction(cuttable, async (client) => {
    await mark(client, 30);
    await connection.cut();
    await mark(client, 31);
  });
  await expect(failed).rejects.toSatisfy(isUnavailable);
  await connection.restore();
  await inTransaction(cuttable, (client) => mark(client, 40));
  expect(await marks()).toEqual([1, 2, 3, 40]);
  await cuttable.end();
});
