/** Text of instants as Postgres reads and writes them. JavaScript dates hold milliseconds; the ledger holds microseconds. */

/** `timestamptz` literal of microseconds since the epoch, exact to the microsecond. */
export function instantOfMicros(micros: number): string {
  const ms = Math.floor(micros / 1000);
  const rest = String(micros - ms * 1000).padStart(3, "0");
  return new Date(ms).toISOString().replace("Z", `${rest}Z`);
}

/** `timestamptz` literal of milliseconds since the epoch; the infinities become `infinity` and `-infinity`. */
export function instantOfMs(ms: number): string {
  if (!Number.isFinite(ms)) return ms < 0 ? "-infinity" : "infinity";
  return new Date(ms).toISOString();
}

/** UTC day (`YYYY-MM-DD`) of microseconds since the epoch. */
export function utcDayOfMicros(micros: number): string {
  return new Date(Math.floor(micros / 1000)).toISOString().slice(0, 10);
}

/** UTC day (`YYYY-MM-DD`) of a number of days since the epoch. */
export function utcDayText(day: number): string {
  return new Date(day * 86_400_000).toISOString().slice(0, 10);
}
