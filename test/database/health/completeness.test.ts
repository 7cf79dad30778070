import fc from "fast-check";
import { beforeEach, describe, expect, test } from "vitest";
import { noteArrivals } from "#database/health/note-arrivals";
import { readOldestMark } from "#database/health/read-oldest-mark";
import { recordEvents } from "#database/record/record-events";
import type { UsageEvent } from "#database/record/usage-event";
import { foldRollups } from "#database/rollups/fold";
import { inTransaction } from "#database/transaction";
import { openDatabase } from "../open-database.ts";
import { numberedEvent } from "./numbered-event.ts";

interface Completeness {
  readonly boot_id: string;
  readonly first_seq: number;
  readonly last_seq: number;
  readonly received: number;
  readonly lost: number;
  readonly complete_to: Date | null;
}

describe.each([18, 15] as const)("on Postgres %i", async (version) => {
  const { owner, writer, reader } = await openDatabase(version);
  await owner.query("select quotel.ensure_event_partitions(current_date - 2, current_date + 1)");

  const startMs = Date.now() - 60_000;
  beforeEach(async () => {
    await owner.query(`truncate quotel.usage_events, quotel.unfolded_batches, quotel.unfolded_arrivals,
      quotel.producer_boots, quotel.quarantine, quotel.day_totals, quotel.folded_rollups`);
  });

  const numbered = (boot: string, seq: number, tenant = "acme"): UsageEvent =>
    numberedEvent(tenant, boot, seq, startMs * 1000);
  const endOf = (seq: number): Date => new Date(startMs + seq);

  async function deliver(events: readonly UsageEvent[]): Promise<void> {
    const received = events.map((event) => ({ event, producerId: "ingest", receivedAtMicros: Date.now() * 1000 }));
    await inTransaction(writer, (client) => recordEvents(client, received));
  }

  async function completeness(): Promise<Completeness[]> {
    const { rows } = await reader.query<Completeness>(
      "select boot_id, first_seq, last_seq, received, lost, complete_to from public.producer_completeness order by boot_id",
    );
    return rows;
  }

  test("I12: delivered in any order, repeated, split and folded at any time, a run's lost records are exactly those that never came, and its mark never passes one", async () => {
    const delivery = fc.record({
      boot: fc.constantFrom("boot-a", "boot-b"),
      // Several tenants' records of one run come in transactions of their own.
      seqs: fc.array(fc.integer({ min: 1, max: 25 }), { minLength: 1, maxLength: 15 }),
      fold: fc.boolean(),
    });
    await fc.assert(
      fc
        .asyncProperty(fc.array(delivery, { minLength: 1, maxLength: 12 }), async (deliveries) => {
          const arrived = new Map<string, Set<number>>();
          for (const { boot, seqs, fold } of deliveries) {
            await deliver(seqs.map((seq) => numbered(boot, seq, `tenant-${seq % 3}`)));
            arrived.set(boot, new Set([...(arrived.get(boot) ?? []), ...seqs]));
            if (fold) await foldRollups(writer);
          }
          await foldRollups(writer);
          const known = await completeness();
          expect(known.map(({ complete_to: _mark, ...counts }) => counts)).toEqual(
            [...arrived]
              .toSorted(([a], [b]) => (a < b ? -1 : 1))
              .map(([boot_id, seqs]) => {
                const last_seq = Math.max(...seqs);
                return {
                  boot_id,
                  first_seq: Math.min(...seqs),
                  last_seq,
                  received: seqs.size,
                  lost: last_seq - seqs.size,
                };
              }),
          );
          for (const { boot_id, lost, last_seq, complete_to } of known) {
            const seqs = arrived.get(boot_id)!;
            const isMissing = (seq: number): boolean => !seqs.has(seq);
            const firstMissing = Array.from({ length: last_seq + 1 }, (_, i) => i + 1).find(isMissing)!;
            const markMs = complete_to?.getTime() ?? -Infinity;
            expect(markMs).toBeLessThan(endOf(firstMissing).getTime());
            expect(markMs).toBeGreaterThanOrEqual(lost === 0 ? endOf(last_seq).getTime() : -Infinity);
          }
        })
        .afterEach(async () => {
          await owner.query(`truncate quotel.usage_events, quotel.unfolded_batches, quotel.producer_boots,
            quotel.day_totals, quotel.folded_rollups`);
        }),
      { numRuns: 40 },
    );
  });

  test("I12: the mark follows a run whose newest records are always still on their way", async () => {
    await deliver([1, 2, 4].map((seq) => numbered("boot", seq)));
    await foldRollups(writer);
    for (let seq = 6; seq < 30; seq += 2) {
      await deliver([seq - 3, seq].map((it) => numbered("boot", it)));
      await foldRollups(writer);
      const [boot] = await completeness();
      expect(boot).toMatchObject({ last_seq: seq, lost: 1 });
      expect(boot!.complete_to).toEqual(endOf(seq - 2));
    }
  });

  test("I12: a lost record holds the mark of its run until it comes", async () => {
    await deliver([1, 2, 3].map((seq) => numbered("boot", seq)));
    await foldRollups(writer);
    for (const seq of [5, 6, 7]) {
      await deliver([numbered("boot", seq)]);
      await foldRollups(writer);
    }
    expect(await completeness()).toMatchObject([{ received: 6, lost: 1, complete_to: endOf(3) }]);
    await deliver([numbered("boot", 4)]);
    await foldRollups(writer);
    expect(await completeness()).toMatchObject([{ received: 7, lost: 0, complete_to: endOf(7) }]);
  });

  test("I12: records that contradict the ledger, and those that are set aside or refused, are not lost", async () => {
    await deliver([numbered("boot", 1)]);
    // The same span with another payload, as record 2; record 3 never gets near the ledger.
    await deliver([{ ...numbered("boot", 1), inputTokens: 999, seq: 2 }]);
    await noteArrivals(writer, [
      { producerId: "ingest", bootId: "boot", seq: 3, endedAtMicros: startMs * 1000 },
      { producerId: "ingest", bootId: null, seq: 4, endedAtMicros: startMs * 1000 },
    ]);
    await foldRollups(writer);
    expect(await completeness()).toMatchObject([{ last_seq: 3, received: 3, lost: 0 }]);
  });

  test("I12: a run with more gaps than can be told apart keeps its count of lost records", async () => {
    const odd = Array.from({ length: 1_500 }, (_, i) => 2 * i + 1);
    const arrivals = (seqs: readonly number[]) =>
      seqs.map((seq) => ({ producerId: "ingest", bootId: "boot", seq, endedAtMicros: (startMs + seq) * 1000 }));
    await noteArrivals(writer, arrivals(odd));
    await foldRollups(writer);
    expect(await completeness()).toMatchObject([{ last_seq: 2_999, received: 1_500, lost: 1_499 }]);
    const { rows } = await owner.query<{ runs: number }>(
      "select (select count(*) from unnest(sequences)) as runs from quotel.producer_boots",
    );
    expect(rows[0]!.runs).toBeLessThanOrEqual(1_001);
    // What was not written off can still come.
    await noteArrivals(writer, arrivals([2_998]));
    await foldRollups(writer);
    expect(await completeness()).toMatchObject([{ received: 1_501, lost: 1_498, complete_to: null }]);
  });

  test("the oldest mark is that of the producers heard from in the last five minutes, and none where none was", async () => {
    expect(await readOldestMark(writer)).toBeNull();
    await deliver([numbered("boot-a", 1), numbered("boot-b", 1), numbered("boot-b", 2)]);
    await foldRollups(writer);
    expect(await readOldestMark(writer)).toBe(startMs + 1);
    await owner.query(
      "update quotel.producer_boots set last_heard_at = now() - interval '6 minutes' where boot_id = 'boot-a'",
    );
    expect(await readOldestMark(writer)).toBe(startMs + 2);
  });
});
