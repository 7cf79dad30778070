import type { ClientBase } from "pg";
import { appendAuditEvents } from "#database/audit/append-audit-events";
import { resolveClaims } from "#database/attribution/resolve-claims";
import { recordPoints } from "#database/levels/record-points";
import type { Quarantined } from "#database/quarantine/read-quarantine";
import { recordEvents } from "#database/record/record-events";
import type { Attribution } from "../../record/attribution.ts";
import { beyondHorizon, isInFuture } from "../../record/horizon.ts";
import type { ReadAgain } from "./read-again.ts";

/** Something that was read again and is of use. */
export type Usable = Exclude<ReadAgain, { kind: "unusable" }>;

/** Records an item inside the caller's transaction; `conflict` = another one with its identity is recorded already. */
export type Recording = (client: ClientBase) => Promise<"recorded" | "conflict">;

/** Why an item cannot be counted at this instant, or null; the same rules as on receipt. */
export function outsideHorizon(usable: Usable, nowMicros: number): string | null {
  if (usable.kind !== "audit") return beyondHorizon(instantOf(usable), nowMicros);
  return isInFuture(instantOf(usable), nowMicros) ? "in_future" : null;
}

/** When it happened, by its sender's clock. */
export function instantOf(usable: Usable): number {
  if (usable.kind === "point") return usable.point.sampledAtMicros;
  return usable.kind === "event" ? usable.event.endedAtMicros : usable.event.occurredAtMicros;
}

/** How to record an item, as of its receipt, or the reason why that is not possible. */
export async function recordingOf(
  attribution: Attribution,
  { producerId, receivedAtMs }: Quarantined,
  usable: Usable,
): Promise<Recording | string> {
  const from = { producerId, receivedAtMicros: receivedAtMs * 1000 };
  if (usable.kind === "event") {
    const [attributed] = await attribution.attribute([usable.event], producerId);
    return async (client) => {
      const { events } = await resolveClaims(client, [{ ...attributed!, ...from }]);
      if (events.length === 0) return "recorded";
      return outcomeOf((await recordEvents(client, events, "insert", "moved")).conflicting);
    };
  }
  if (usable.kind === "point") {
    const [attributed] = await attribution.attributePoints([usable.point], producerId);
    if (attributed!.kind === "aside") return attributed!.reason;
    const { point, isBeyondCap } = attributed!;
    return async (client) =>
      outcomeOf((await recordPoints(client, [{ point, isBeyondCap, ...from }])).conflicting.length);
  }
  const events = await attribution.attributeAudit([usable.event], producerId);
  return async (client) => outcomeOf((await appendAuditEvents(client, events)).conflicting.length);
}

function outcomeOf(conflicting: number): "recorded" | "conflict" {
  return conflicting > 0 ? "conflict" : "recorded";
}
