import { setTimeout as sleep } from "node:timers/promises";
import { expect, test } from "vitest";
import { DatabaseGate } from "../../../../quota-service/decisions/away/database-gate.ts";

const quiet = { error: () => {} };
const lost = (): Error => Object.assign(new Error("refused"), { code: "ECONNREFUSED" });

/** A database that can be away, and how often it was tried at once. */
class SomeDatabase {
  isAway = false;
  probes = 0;
  atOnce = 0;
  atOnceMax = 0;

  probe = async (): Promise<void> => {
    this.probes += 1;
    this.atOnce += 1;
    this.atOnceMax = Math.max(this.atOnceMax, this.atOnce);
    await sleep(5);
    this.atOnce -= 1;
    if (this.isAway) throw lost();
  };
}

test("while the database is away nothing is sent to it but one probe at a time, and all pass again when it answers", async () => {
  const database = new SomeDatabase();
  const gate = new DatabaseGate(database.probe, quiet);
  let sent = 0;
  const ask = (): Promise<string> =>
    gate.pass(
      async () => {
        sent += 1;
        await sleep(1);
        if (database.isAway) throw lost();
        return "decided";
      },
      () => "away",
      true,
    );
  database.isAway = true;
  const first = await Promise.all(Array.from({ length: 100 }, ask));
  expect(new Set(first)).toEqual(new Set(["away"]));
  sent = 0;
  const later = await Promise.all(Array.from({ length: 100 }, ask));
  expect([new Set(later), sent, gate.isClosed]).toEqual([new Set(["away"]), 0, true]);
  database.isAway = false;
  await expect.poll(ask, { timeout: 5_000 }).toBe("decided");
  expect(database.atOnceMax).toBe(1);
  gate.stop();
});

test("a lost connection to a database that is there costs a second try and no answer without it", async () => {
  const database = new SomeDatabase();
  const gate = new DatabaseGate(database.probe, quiet);
  let tries = 0;
  const work = async (): Promise<string> => {
    tries += 1;
    await sleep(1);
    if (tries === 1) throw lost();
    return "decided";
  };
  expect(await gate.pass(work, () => "away", true)).toBe("decided");
  tries = 0;
  expect(await gate.pass(work, () => "away", false)).toBe("away");
  expect(gate.isClosed).toBe(false);
});

test("what has waited since it passed is refused once the gate has closed", async () => {
  const database = new SomeDatabase();
  database.isAway = true;
  const gate = new DatabaseGate(database.probe, quiet);
  await gate.pass(
    () => Promise.reject(lost()),
    () => "away",
    true,
  );
  let sent = 0;
  const queued = gate.pass(
    () => gate.guard(async () => `sent ${(sent += 1)}`),
    () => "away",
    true,
  );
  expect([await queued, sent]).toEqual(["away", 0]);
  gate.stop();
});

test("a fault that is not the database's being away goes up", async () => {
  const gate = new DatabaseGate(() => Promise.resolve(), quiet);
  await expect(
    gate.pass(
      () => Promise.reject(new Error("a bug")),
      () => "away",
      true,
    ),
  ).rejects.toThrow("a bug");
});
