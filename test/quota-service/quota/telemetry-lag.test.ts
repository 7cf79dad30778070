import { randomUUIDv7 } from "node:crypto";
import { afterAll, expect, test } from "vitest";
import type { Decision } from "@quotel/conventions";
import { recordEvents } from "#database/record/record-events";
import { ensurePartitions } from "#database/record/ensure-partitions";
import { foldRollups } from "#database/rollups/fold";
import { inTransaction } from "#database/transaction";
import { numberedEvent } from "../../database/health/numbered-event.ts";
import { startTestService } from "../running-service.ts";

const service = await startTestService();
afterAll(service.stop);

const body = { tenantId: "acme", items: [{ resource: "tokens", amount: 1 }] };

async function lag(): Promise<number | null> {
  const { body: decision } = await service.call("POST", "/v1/quota/check", { body });
  return (decision as Decision).lagMs;
}

test("I12: a decision says how long ago telemetry was complete, null where no producer reports, and a repeated answer is the first one", async () => {
  expect(await lag()).toBeNull();
  const endedMs = Date.now() - 30_000;
  const day = (ms: number): string => new Date(ms).toISOString().slice(0, 10);
  await ensurePartitions(service.pool, day(endedMs - 86_400_000), day(endedMs + 86_400_000));
  const event = numberedEvent("acme", "boot", 1, endedMs * 1000);
  const received = { event, producerId: "ingest", receivedAtMicros: Date.now() * 1000 };
  await inTransaction(service.pool, (client) => recordEvents(client, [received]));
  await foldRollups(service.pool);
  await expect.poll(lag, { timeout: 10_000 }).not.toBeNull();
  const lagMs = (await lag())!;
  const nowMs = Date.now();
  expect(lagMs).toBeGreaterThanOrEqual(29_000);
  expect(lagMs).toBeLessThanOrEqual(nowMs - endedMs + 1_000);

  const reserve = { ...body, reservationId: randomUUIDv7() };
  const first = await service.call("POST", "/v1/quota/reservations", { body: reserve });
  const again = await service.call("POST", "/v1/quota/reservations", { body: reserve });
  expect((first.body as Decision).lagMs).toBeGreaterThanOrEqual(lagMs);
  expect((again.body as Decision).lagMs).toBe((first.body as Decision).lagMs);
});
