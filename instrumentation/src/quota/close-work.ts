import type { QuotaItem } from "@quotel/conventions";

import { inBackground } from "../process/background.ts";
import { warnOnce } from "../process/warn.ts";
import type { QuotaClient } from "./client/quota-client.ts";
import type { PatchOutcome, ReleaseOutcome } from "./client/outcomes.ts";

const ATTEMPTS_MAX = 12;
const WAIT_MIN_MS = 100;
const WAIT_MAX_MS = 10_000;

/**
 * Closes a reservation in the background at its true totals, those of resources it did not ask for included, so that usage
 * on its way is held for them too; the spans bring the usage itself (`now`: the service does).
 * Tried for about a minute; after that the service ends the hold by its expiry. Resolves when it is told, or given up.
 */
export function closeInBackground(
  client: QuotaClient,
  reservation: { readonly tenantId: string; readonly reservationId: string; readonly resources: readonly string[] },
  totals: ReadonlyMap<string, number>,
  settle: "spans" | "now" = "spans",
): Promise<void> {
  const resources = new Set([...reservation.resources, ...totals.keys()]);
  const items: QuotaItem[] = [...resources].map((resource) => ({ resource, amount: totals.get(resource) ?? 0 }));
  const { reservationId, tenantId } = reservation;
  return inBackground(untilAnswered(() => client.close(reservationId, tenantId, items, settle)));
}

/** Releases a reservation in the background: no work happened under it. */
export function releaseInBackground(client: QuotaClient, reservationId: string, tenantId: string): void {
  void inBackground(untilAnswered(() => client.release(reservationId, tenantId)));
}

async function untilAnswered(action: () => Promise<PatchOutcome | ReleaseOutcome>): Promise<void> {
  for (let attempt = 0; attempt < ATTEMPTS_MAX; attempt += 1) {
    const outcome = await action();
    if (outcome.kind === "done") return;
    if (outcome.kind === "rejected") {
      // 404 and 409: it never came to be, or has ended; there is nothing to close.
      if (outcome.status !== 404 && outcome.status !== 409) {
        warnOnce("QUOTEL_CLOSE_REJECTED", `a reservation could not be closed: ${outcome.status} ${outcome.error.code}`);
      }
      return;
    }
    const waitMs = Math.min(WAIT_MAX_MS, WAIT_MIN_MS * 2 ** attempt) * (0.5 + Math.random() / 2);
    await new Promise<void>((resolve) => setTimeout(resolve, waitMs).unref());
  }
}
