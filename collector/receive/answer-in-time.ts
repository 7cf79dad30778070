import type { Refusal } from "./answer.ts";
import type { Ingest } from "./endpoint.ts";

/** OTLP exporters give up on a request after 10 s, and most then drop what they sent. */
const ANSWER_WITHIN_MS = 8_000;

const SLOW: Refusal = { kind: "error", status: 503, message: "the database is slow", retryAfterSeconds: 3 };

/**
 * Asks the sender to come back when recording takes longer than senders wait. What was begun goes on; if it commits after
 * all, what is sent again counts once (I1).
 */
export function answerInTime(ingest: Ingest, withinMs = ANSWER_WITHIN_MS): Ingest {
  return async (...request) => {
    const answering = ingest(...request);
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<Refusal>((resolve) => {
      timer = setTimeout(() => resolve(SLOW), withinMs);
    });
    try {
      return await Promise.race([answering, late]);
    } finally {
      clearTimeout(timer);
    }
  };
}
