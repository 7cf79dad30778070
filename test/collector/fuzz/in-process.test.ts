import { randomInt } from "node:crypto";
import { setImmediate } from "node:timers/promises";
import { expect, test } from "vitest";
import { Fuzzer } from "./fuzzed-request.ts";
import { heldBytes } from "./heap.ts";
import { Pipeline } from "./pipeline.ts";

/** How many; CI does a small part of what `QUOTEL_FUZZ_REQUESTS=1000000` does. */
const REQUESTS = Number(process.env["QUOTEL_FUZZ_REQUESTS"] ?? 20_000);
/** A failure names the seed; with it `QUOTEL_FUZZ_SEED` makes the same requests again. */
const SEED = Number(process.env["QUOTEL_FUZZ_SEED"] ?? randomInt(2 ** 31));
/** Between rounds the garbage is collected and what is left is measured. */
const ROUNDS = 10;
/** What may be held more after the last round than after the second (caches are full by then); a leak grows on. */
const GROWTH_BYTES_MAX = 8 * 1024 * 1024;

test(
  "no mutated request is anything but accepted, undecodable or too large, and none leaves memory behind",
  { timeout: 3_600_000 },
  async () => {
    const pipeline = new Pipeline();
    const fuzzer = new Fuzzer();
    const statuses = new Map<number, number>();
    const held: number[] = [];
    for (let index = 0; index < REQUESTS; index++) {
      const request = fuzzer.request(SEED, index);
      const status = await pipeline.statusOf(request).catch((error: unknown) => error);
      const fine = request.sound ? status === 200 : status === 200 || status === 400 || status === 413;
      if (!fine || pipeline.unsound.length > 0) {
        const { signal, encoding } = request;
        const cause = { status, unsound: pipeline.unsound, body: request.body.toString("base64") };
        throw new Error(`QUOTEL_FUZZ_SEED=${SEED}: request ${index}, ${signal} in ${encoding}`, { cause });
      }
      statuses.set(status as number, (statuses.get(status as number) ?? 0) + 1);
      // As between requests on a socket: what native code gives back is given back between turns.
      if (index % 100 === 0) await setImmediate();
      if ((index + 1) % Math.ceil(REQUESTS / ROUNDS) === 0) held.push(await heldBytes());
    }
    console.log(`seed ${SEED}:`, Object.fromEntries(statuses), "held after each round:", held);
    expect(held.at(-1)! - held[1]!, `seed ${SEED}`).toBeLessThan(GROWTH_BYTES_MAX);
    // Were nearly everything refused on its way, the rest of the way would have gone untested.
    expect(statuses.get(200)).toBeGreaterThan(REQUESTS / 5);
    expect(statuses.get(400)).toBeGreaterThan(REQUESTS / 5);
    for (const items of ["spans", "points", "logs"]) {
      expect(pipeline.counters.get(`${items}_accepted`), items).toBeGreaterThan(REQUESTS / 50);
    }
  },
);
