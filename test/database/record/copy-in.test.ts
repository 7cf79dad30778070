import { expect, onTestFinished, test } from "vitest";
import { createPool } from "#database/pool";
import { copyIn } from "#database/record/copy-in";
import { UNIQUE_VIOLATION } from "#database/sqlstate";
import { inTransactionEndingWith } from "#database/transaction";
import { createTestDatabase } from "../test-database.ts";

async function poolWithTable() {
  const { ownerUrl } = await createTestDatabase();
  const pool = createPool({ connectionString: ownerUrl, applicationName: "copy-in-test", max: 1 });
  onTestFinished(() => pool.end());
  await pool.query("create table numbers (n integer primary key)");
  return pool;
}

const COPY = "copy numbers from stdin";
const linesFrom = (first: number, count: number): Buffer =>
  Buffer.from(Array.from({ length: count }, (_, index) => `${first + index}\n`).join(""));

test("a COPY, what follows it and the commit may be sent without waiting", async () => {
  const pool = await poolWithTable();
  const sum = await inTransactionEndingWith(pool, async (client) => {
    const copied = copyIn(client, COPY, linesFrom(1, 100));
    const read = client.query<{ sum: number }>("select sum(n)::bigint from numbers");
    return { result: read.then(({ rows }) => rows[0]!.sum), written: Promise.all([copied, read]) };
  });
  expect(sum).toBe(5050);
});

test("of a COPY that fails nothing is kept, its error is the one that is heard, and its connection is as good as before", async () => {
  const pool = await poolWithTable();
  await pool.query("insert into numbers values (7)");
  const failed = inTransactionEndingWith(pool, async (client) => {
    // More than fits into the sockets' buffers: it is thrown away by the server, after the error.
    const copied = copyIn(client, COPY, linesFrom(1, 2_000_000));
    const later = client.query("insert into numbers values (0)");
    return { result: null, written: Promise.all([copied, later]) };
  });
  await expect(failed).rejects.toMatchObject({ code: UNIQUE_VIOLATION });
  const { rows } = await pool.query("select n from numbers");
  expect(rows).toEqual([{ n: 7 }]);
});
