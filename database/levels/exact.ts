import { NUMERIC_OUT_OF_RANGE } from "../sqlstate.ts";

/**
 * The value, if it is an exact integer (I5); else throws with Postgres' code for a number out of range, so that whoever
 * commits sets the points at fault aside as it does for what Postgres refuses.
 */
export function requireExact(value: number, what: string): number {
  if (Number.isSafeInteger(value)) return value;
  throw Object.assign(new RangeError(`${what} ${value} is beyond 2^53-1`), { code: NUMERIC_OUT_OF_RANGE });
}
