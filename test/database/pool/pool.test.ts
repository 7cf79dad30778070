import { once } from "node:events";
import { createServer } from "node:net";
import type { AddressInfo } from "node:net";
import type { Pool } from "pg";
import { afterAll, describe, expect, onTestFinished, test } from "vitest";
import { createPool, query } from "#database/pool";
import { ADMIN_SHUTDOWN, errorCode, isDataError, isUnavailable } from "#database/sqlstate";
import { inTransaction } from "#database/transaction";
import { createTestDatabase } from "../test-database.ts";

describe("a pool", async () => {
  const database = await createTestDatabase();
  afterAll(database.drop);

  const open = (options: { prepared?: boolean; max?: number; onIdleError?: (error: Error) => void } = {}): Pool => {
    const pool = createPool({ connectionString: database.adminUrl, applicationName: "test", ...options });
    onTestFinished(() => pool.end());
    return pool;
  };

  test("bigint arrives as an exact number, alone and in arrays", async () => {
    const { rows } = await query(open(), {
      name: "exact",
      text: "select $1::bigint as n, -$1::bigint as negative, array[1, null, $1]::bigint[] as many, '{}'::bigint[] as none",
      values: [Number.MAX_SAFE_INTEGER],
    });
    expect(rows).toEqual([
      {
        n: Number.MAX_SAFE_INTEGER,
        negative: -Number.MAX_SAFE_INTEGER,
        many: [1, null, Number.MAX_SAFE_INTEGER],
        none: [],
      },
    ]);
  });

  test("a bigint beyond 2^53-1 is an error, never a rounded number", async () => {
    const pool = open();
    await expect(pool.query("select 9007199254740992::bigint as n")).rejects.toThrow(
      /9007199254740992 is beyond 2\^53-1/,
    );
    await expect(pool.query("select array[-9007199254740993]::bigint[] as n")).rejects.toThrow(RangeError);
  });

  test("statements are prepared by name, unless prepared statements are switched off", async () => {
    const statement = { name: "count_me", text: "select name from pg_prepared_statements where name = 'count_me'" };
    const namesSeen = async (pool: Pool): Promise<number> => {
      await query(pool, statement);
      return inTransaction(pool, async (client) => (await query(client, statement)).rows.length);
    };
    expect(await namesSeen(open({ max: 1 }))).toBe(1);
    expect(await namesSeen(open({ max: 1, prepared: false }))).toBe(0);
  });

  test("a transaction whose work throws leaves nothing behind, and its connection is usable again", async () => {
    const pool = open({ max: 1 });
    const failing = inTransaction(pool, async (client) => {
      await client.query("create table public.half_done (id int)");
      throw new Error("no");
    });
    await expect(failing).rejects.toThrow("no");
    const { rows } = await pool.query("select to_regclass('public.half_done') as table");
    expect(rows).toEqual([{ table: null }]);
  });

  test("an idle connection that dies is reported and replaced", async () => {
    const died = Promise.withResolvers<Error>();
    const pool = open({ max: 1, onIdleError: died.resolve });
    const { rows } = await pool.query<{ pid: number }>("select pg_backend_pid() as pid");
    await open().query("select pg_terminate_backend($1)", [rows[0]?.pid]);
    expect(errorCode(await died.promise)).toBe(ADMIN_SHUTDOWN);
    expect((await pool.query("select 1 as up")).rows).toEqual([{ up: 1 }]);
  });

  test("a connection that is cut under a statement counts as unavailable", async () => {
    const pool = open({ max: 1 });
    const { rows } = await pool.query<{ pid: number }>("select pg_backend_pid() as pid");
    const cut = pool.query("select pg_sleep(30)").catch((error: unknown) => error);
    await open().query("select pg_terminate_backend($1)", [rows[0]?.pid]);
    expect(isUnavailable(await cut)).toBe(true);
  });

  test("a connection that is cut inside a transaction, under a statement or between two, fails that transaction as unavailable and nothing else", async () => {
    const pool = open({ max: 1 });
    const killer = open();
    for (const underStatement of [true, false]) {
      const cut = inTransaction(pool, async (client) => {
        const { rows } = await client.query<{ pid: number }>("select pg_backend_pid() as pid");
        const lost = new Promise((resolve) => client.once("end", resolve));
        const sleeping = underStatement ? client.query("select pg_sleep(30)") : null;
        await Promise.all([sleeping, lost, killer.query("select pg_terminate_backend($1)", [rows[0]?.pid])]);
        await client.query("select 1");
      });
      expect(isUnavailable(await cut.catch((error: unknown) => error))).toBe(true);
      expect((await pool.query("select 1 as up")).rows).toEqual([{ up: 1 }]);
    }
  });

  test("values that cannot be stored are data errors, a wrong statement is neither that nor unavailability", async () => {
    const pool = open();
    const judge = async (statement: string): Promise<"data" | "unavailable" | "neither"> => {
      const error = await pool.query(statement).catch((failure: unknown) => failure);
      return isDataError(error) ? "data" : isUnavailable(error) ? "unavailable" : "neither";
    };
    expect(await judge("select 'x'::int")).toBe("data");
    expect(await judge("select 9223372036854775807 + 1")).toBe("data");
    expect(await judge("insert into quotel.migrations values (null)")).toBe("data");
    expect(await judge("selekt")).toBe("neither");
    expect(await judge("select * from quotel.nowhere")).toBe("neither");
  });
});

test("a server that refuses or never answers counts as unavailable", async () => {
  const silent = createServer().listen(0, "127.0.0.1");
  await once(silent, "listening");
  onTestFinished(() => void silent.close());
  const silentPort = (silent.address() as AddressInfo).port;
  for (const port of [1, silentPort]) {
    const pool = createPool({
      connectionString: `postgres://nobody:x@127.0.0.1:${port}/none`,
      applicationName: "test",
      connectTimeoutMs: 200,
    });
    const error = await pool.query("select 1").catch((failure: unknown) => failure);
    expect(isUnavailable(error), `port ${port}: ${String(error)}`).toBe(true);
    await pool.end();
  }
});
