import { UNATTRIBUTED_TENANT } from "@quotel/conventions";
import type { ClientBase } from "pg";
import { instantOfMicros } from "../periods/instant.ts";
import { query } from "../pool.ts";
import { tokensOf } from "../record/amounts.ts";
import type { LedgerRow } from "../record/ledger-row.ts";

/** What is counted of the events that one transaction adds to the ledger. */
export interface Intake {
  readonly events: number;
  readonly unattributed: number;
  /** Served by a model; the next two are some of these. */
  readonly modelEvents: number;
  readonly unpriced: number;
  /** Token counts that are not the provider's own and final ones. */
  readonly estimated: number;
  /** Sum of the ages on receipt, by the claimed ends; a clock that runs ahead counts as 0. */
  readonly lagMsSum: number;
  readonly newestEndedAtMicros: number;
}

export function intakeOf(fresh: readonly LedgerRow[], receivedAtMicros: number): Intake {
  let [unattributed, modelEvents, unpriced, estimated, lagMicros, newestEndedAtMicros] = [0, 0, 0, 0, 0, -Infinity];
  for (const { event } of fresh) {
    if (event.tenantId === UNATTRIBUTED_TENANT) unattributed += 1;
    if (event.usageSource !== null) modelEvents += 1;
    if (event.costNanoUsd === null && tokensOf(event) > 0) unpriced += 1;
    if (event.usageSource === "estimated" || event.usageSource === "partial") estimated += 1;
    lagMicros += Math.max(0, receivedAtMicros - event.endedAtMicros);
    newestEndedAtMicros = Math.max(newestEndedAtMicros, event.endedAtMicros);
  }
  const lagMsSum = Math.round(lagMicros / 1000);
  return { events: fresh.length, unattributed, modelEvents, unpriced, estimated, lagMsSum, newestEndedAtMicros };
}

/** Notes what a record transaction took in. Only adds a row, which the next fold takes, so nobody waits. */
export async function noteIntake(client: ClientBase, intake: Intake): Promise<void> {
  if (intake.events === 0) return;
  await query(client, {
    name: "note-intake",
    text: `
      insert into quotel.unfolded_intake (
        events, unattributed, model_events, unpriced, estimated, lag_ms_sum, newest_ended_at)
      values ($1, $2, $3, $4, $5, $6, $7)`,
    values: [
      intake.events,
      intake.unattributed,
      intake.modelEvents,
      intake.unpriced,
      intake.estimated,
      intake.lagMsSum,
      instantOfMicros(intake.newestEndedAtMicros),
    ],
  });
}
