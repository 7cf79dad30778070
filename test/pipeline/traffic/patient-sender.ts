import { setTimeout as sleep } from "node:timers/promises";
import { expect } from "vitest";
import type { UsageEvent } from "#database/record/usage-event";
import { sendSpans } from "./telemetry.ts";

/** More impatient than it is asked to be: tests are short. */
const PAUSE_MS = 50;

/**
 * Sends spans again and again, as exporters do, until they are taken. Holds every refusal to what senders understand.
 *
 * @returns how often it was asked to come back
 */
export async function sendUntilTaken(collectorUrl: string, events: readonly UsageEvent[]): Promise<number> {
  for (let refusals = 0; ; refusals += 1) {
    const answer = await sendSpans(collectorUrl, events);
    const body = await answer.text();
    if (answer.status === 200) {
      expect(body).not.toContain("rejectedSpans");
      return refusals;
    }
    expectAskedAgain(answer);
    await sleep(PAUSE_MS);
  }
}

/** 503 with a `Retry-After` of 1 to 3 seconds: the only refusal after which every sender comes back, and soon. */
export function expectAskedAgain(answer: Response): void {
  expect(answer.status).toBe(503);
  expect(answer.headers.get("retry-after")).toMatch(/^[1-3]$/);
}
