import { z } from "zod";

/** An instant as RFC 3339 text with its offset; becomes Unix milliseconds. */
export const instantSchema = z.iso
  .datetime({ offset: true, error: "must be an instant such as 2026-01-31T09:00:00Z" })
  .transform((text) => Date.parse(text));

/** Unix milliseconds as the API shows them; null stays null. */
export function instantOnWire(ms: number | null): string | null {
  return ms === null ? null : new Date(ms).toISOString();
}
