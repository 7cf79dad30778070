import type { Answer, Refusal } from "./answer.ts";
import type { ByteLease } from "./byte-budget.ts";
import type { Ingest } from "./endpoint.ts";
import type { ReceiverOptions } from "./receiver.ts";
import type { Signal } from "./signal.ts";

const SLOW: Refusal = { kind: "error", status: 503, message: "the database is slow", retryAfterSeconds: 3 };

/**
 * Takes a request through the pipeline, and asks the sender to come back when that takes longer than senders wait. What
 * was begun goes on; if it commits after all, what is sent again counts once (I1).
 *
 * @param lease what the request holds of the budget. Given back when the work is over and not when the sender has its
 *   answer: until then the request is in memory.
 */
export async function ingestInTime(
  { endpoint: { ingest, answerWithinMs }, onFault }: Pick<ReceiverOptions, "endpoint" | "onFault">,
  signal: Signal,
  request: Parameters<Ingest>,
  lease: ByteLease,
): Promise<Answer> {
  const working = ingest[signal](...request).finally(() => lease.release());
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<Refusal>((resolve) => {
    timer = setTimeout(() => {
      resolve(SLOW);
      // What it dies of from now on nobody else hears of.
      working.catch(onFault);
    }, answerWithinMs);
  });
  try {
    return await Promise.race([working, late]);
  } finally {
    clearTimeout(timer);
  }
}
