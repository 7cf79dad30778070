import { isUnavailable } from "#database/sqlstate";
import { LaneFull } from "./lane-writers.ts";

/** Nothing that a retry could double was lost; the sender keeps the batch and sends it again. */
export interface Unavailable {
  readonly kind: "unavailable";
  readonly retryAfterSeconds: number;
}

const RETRY_AFTER_SECONDS = 2;

/** What the work comes to, or, when it fails for whatever reason, that the sender has to come back. */
export async function orUnavailable<Done>(
  work: () => Promise<Done>,
  log: { error(details: object, message: string): void },
): Promise<Done | Unavailable> {
  try {
    return await work();
  } catch (error) {
    if (!isUnavailable(error) && !(error instanceof LaneFull)) {
      log.error({ err: error }, "recording failed; the sender will retry");
    }
    return { kind: "unavailable", retryAfterSeconds: RETRY_AFTER_SECONDS };
  }
}
