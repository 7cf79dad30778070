import { setTimeout as sleep } from "node:timers/promises";

const DAY_MS = 86_400_000;

/** Resolves when the next `durationMs` lie within one UTC day: at once, unless midnight is near. */
export async function awayFromMidnight(durationMs: number): Promise<void> {
  const leftMs = DAY_MS - (Date.now() % DAY_MS);
  if (leftMs < durationMs) await sleep(leftMs + 1_000);
}
