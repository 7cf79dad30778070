import { readQuarantine } from "#database/quarantine/read-quarantine";
import { readWaitingIds } from "#database/quarantine/read-waiting-ids";
import { Reasons } from "../../reasons.ts";
import { tryAgain } from "./try-again.ts";
import type { RetryParts } from "./try-again.ts";

export interface Replayed {
  readonly recorded: number;
  /** Items that stay in quarantine, by the reason of today. */
  readonly stay: Reasons;
}

/** Tries again what waits in quarantine: one item, or all of a reason, or (both null) all. */
export async function replay(
  parts: RetryParts,
  which: { readonly quarantineId: string | null; readonly reason: string | null },
  onProgress: (done: number, total: number) => void = () => {},
): Promise<Replayed> {
  const ids = which.quarantineId === null ? await readWaitingIds(parts.pool, which.reason) : [which.quarantineId];
  const stay = new Reasons();
  let recorded = 0;
  for (const [index, quarantineId] of ids.entries()) {
    const [item] = await readQuarantine(parts.pool, { quarantineId }, 1);
    // Resolved by somebody else since.
    if (item === undefined) continue;
    const retried = await tryAgain(parts, item);
    if (retried.kind === "recorded") recorded += 1;
    else stay.add(retried.reason);
    onProgress(index + 1, ids.length);
  }
  return { recorded, stay };
}
