import type { UsageEvent } from "#database/record/usage-event";
import { tokensEvent } from "../../quota-service/decisions/tokens-event.ts";

/** Record number `seq` of a run: its end, and nothing else, follows from its number. */
export function numberedEvent(tenantId: string, bootId: string, seq: number, firstEndedAtMicros: number): UsageEvent {
  const endedAtMicros = firstEndedAtMicros + seq * 1_000;
  return { ...tokensEvent(tenantId, `${bootId} ${seq}`, 1, null, endedAtMicros), bootId, seq };
}
