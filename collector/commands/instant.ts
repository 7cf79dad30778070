import { Temporal } from "temporal-polyfill";

/** What an instant on a command line may be, for messages. */
export const INSTANT = "a UTC day (2026-05-01), an instant with its offset (2026-05-01T12:30:00Z) or now";

/**
 * An instant from a command line, in Unix milliseconds: a UTC day (`2026-05-01`, its start), an ISO instant with its
 * offset (`2026-05-01T12:30:00Z`), or `now`. Null = neither; a local time without an offset could mean anything.
 */
export function instantOf(text: string, nowMs: number): number | null {
  if (text === "now") return nowMs;
  try {
    return /^\d{4}-\d\d-\d\d$/.test(text)
      ? Temporal.PlainDate.from(text, { overflow: "reject" }).toZonedDateTime("UTC").epochMilliseconds
      : Temporal.Instant.from(text).epochMilliseconds;
  } catch (error) {
    if (error instanceof RangeError) return null;
    throw error;
  }
}
