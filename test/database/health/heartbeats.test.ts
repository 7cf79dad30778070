import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { noteArrivals } from "#database/health/note-arrivals";
import { noteHeartbeats } from "#database/health/note-heartbeats";
import type { Heartbeat } from "#database/health/note-heartbeats";
import { foldRollups } from "#database/rollups/fold";
import { openDatabase } from "../open-database.ts";

/** Record number `seq` of run `bootId`, with what it tells; null = it is no heartbeat. */
type Sent = Omit<Heartbeat, "producerId" | "counters"> & { readonly counters: Heartbeat["counters"] | null };

interface Standing {
  readonly boot_id: string;
  readonly lost: number;
  readonly complete_to: Date | null;
  readonly told_at: Date | null;
  readonly recorded: number | null;
  readonly dropped: number | null;
}

const startMs = Date.now() - 60_000;
const endOf = (seq: number): Date => new Date(startMs + seq);
const place = (bootId: string, seq: number) => ({ bootId, seq, endedAtMicros: (startMs + seq) * 1000, service: "app" });
const record = (bootId: string, seq: number): Sent => ({ ...place(bootId, seq), counters: null });
const beat = (bootId: string, seq: number, dropped: number): Sent => ({
  ...place(bootId, seq),
  counters: { recorded: seq + dropped, dropped, waiting: 5 },
});

describe.each([18, 15] as const)("on Postgres %i", async (version) => {
  const { owner, writer, reader } = await openDatabase(version);

  async function deliver(sent: readonly Sent[]): Promise<void> {
    const arrived = sent.map((one) => ({ ...one, producerId: "ingest" }));
    await noteArrivals(writer, arrived);
    await noteHeartbeats(
      writer,
      arrived.flatMap(({ counters, ...one }) => (counters === null ? [] : [{ ...one, counters }])),
    );
  }

  async function standings(): Promise<Standing[]> {
    const { rows } = await reader.query<Standing>(
      "select boot_id, lost, complete_to, told_at, recorded, dropped from public.producer_completeness order by boot_id",
    );
    return rows;
  }

  async function reported(): Promise<Map<string, number>> {
    const { rows } = await reader.query<{ counter: string; amount: number }>(
      "select counter, sum(amount)::bigint as amount from public.producer_reports group by counter",
    );
    return new Map(rows.map(({ counter, amount }) => [counter, amount]));
  }

  const forget = () => owner.query("truncate quotel.producer_boots, quotel.producer_reports");

  test("I12: heartbeats in any order, repeated, split and folded at any time leave what the last one made told, and its counts are what the minutes add up to", async () => {
    const one = fc.record({
      boot: fc.constantFrom("boot-a", "boot-b"),
      seq: fc.integer({ min: 1, max: 20 }),
    });
    const delivery = fc.record({ beats: fc.array(one, { minLength: 1, maxLength: 6 }), fold: fc.boolean() });
    await fc.assert(
      fc
        .asyncProperty(fc.array(delivery, { minLength: 1, maxLength: 10 }), async (deliveries) => {
          const latest = new Map<string, number>();
          for (const { beats, fold } of deliveries) {
            await deliver(beats.map(({ boot, seq }) => beat(boot, seq, 2 * seq)));
            for (const { boot, seq } of beats) latest.set(boot, Math.max(seq, latest.get(boot) ?? 0));
            if (fold) await foldRollups(writer);
          }
          await foldRollups(writer);
          expect(await standings()).toEqual(
            [...latest]
              .toSorted(([a], [b]) => (a < b ? -1 : 1))
              .map(([boot_id, seq]) => ({
                boot_id,
                lost: 2 * seq,
                complete_to: null,
                told_at: endOf(seq),
                recorded: 3 * seq,
                dropped: 2 * seq,
              })),
          );
          const sum = [...latest.values()].reduce((total, seq) => total + seq, 0);
          expect(await reported()).toEqual(
            new Map([
              ["recorded", 3 * sum],
              ["dropped", 2 * sum],
            ]),
          );
        })
        .afterEach(async () => void (await forget())),
      { numRuns: 40 },
    );
  });

  test("I12: what a producer told to have dropped is lost, and its mark stays where it last told of no loss", async () => {
    await deliver([record("boot", 1), beat("boot", 2, 0), record("boot", 3)]);
    await foldRollups(writer);
    expect(await standings()).toMatchObject([{ lost: 0, complete_to: endOf(3) }]);
    await deliver([beat("boot", 5, 3), record("boot", 4)]);
    await foldRollups(writer);
    expect(await standings()).toMatchObject([{ lost: 3, complete_to: endOf(2) }]);
    // The one before it comes late: there was no loss yet, a record later.
    await deliver([{ ...beat("boot", 4, 0) }]);
    await foldRollups(writer);
    expect(await standings()).toMatchObject([{ lost: 3, complete_to: endOf(4), told_at: endOf(5) }]);
    await forget();
  });

  test("I12: what a producer dropped and its numbering shows to be missing is lost once", async () => {
    await deliver([record("boot", 1), beat("boot", 2, 0), record("boot", 3), beat("boot", 7, 3)]);
    await foldRollups(writer);
    expect(await standings()).toMatchObject([{ lost: 3, complete_to: null, dropped: 3 }]);
    await deliver([record("boot", 8), record("boot", 10)]);
    await foldRollups(writer);
    expect(await standings()).toMatchObject([{ lost: 4, dropped: 3 }]);
    await forget();
  });

  test("a run that never told says so, and one that is heard now shows in pipeline_health", async () => {
    await deliver([record("silent", 1), beat("telling", 1, 0), beat("telling", 2, 1)]);
    await foldRollups(writer);
    expect(await standings()).toMatchObject([
      { boot_id: "silent", told_at: null, recorded: null, dropped: null, lost: 0, complete_to: endOf(1) },
      { boot_id: "telling", told_at: endOf(2), recorded: 3, dropped: 1, lost: 1, complete_to: endOf(1) },
    ]);
    const { rows } = await reader.query(
      `select name, label, value from public.pipeline_health
       where name like 'reported%' or name = 'records_lost' order by name, label`,
    );
    expect(rows).toEqual([
      { name: "records_lost", label: null, value: 1 },
      { name: "reported", label: "dropped", value: 1 },
      { name: "reported", label: "recorded", value: 3 },
      { name: "reported", label: "waiting", value: 5 },
      { name: "reported_last_hour", label: "dropped", value: 1 },
      { name: "reported_last_hour", label: "recorded", value: 3 },
    ]);
    await forget();
  });
});
