/** SQLSTATEs that the code tells apart, by name. Errors are matched by these, never by their text. */

export const NUMERIC_OUT_OF_RANGE = "22003";
export const UNIQUE_VIOLATION = "23505";
export const CHECK_VIOLATION = "23514";
export const UNDEFINED_TABLE = "42P01";
export const DUPLICATE_DATABASE = "42P04";
export const INSUFFICIENT_PRIVILEGE = "42501";
export const INVALID_PASSWORD = "28P01";
export const SERIALIZATION_FAILURE = "40001";
export const DEADLOCK_DETECTED = "40P01";
export const QUERY_CANCELED = "57014";
export const ADMIN_SHUTDOWN = "57P01";
export const CRASH_SHUTDOWN = "57P02";
/** The server is starting up or shutting down. */
export const CANNOT_CONNECT_NOW = "57P03";

const UNAVAILABLE_STATES: ReadonlySet<string> = new Set([ADMIN_SHUTDOWN, CRASH_SHUTDOWN, CANNOT_CONNECT_NOW]);

/** Node's codes for a connection that could not be made or broke. */
const CONNECTION_CODES: ReadonlySet<string> = new Set([
  "ECONNREFUSED",
  "ECONNRESET",
  "ECONNABORTED",
  "EPIPE",
  "ETIMEDOUT",
  "EHOSTUNREACH",
  "ENETUNREACH",
  "ENOTFOUND",
  "EAI_AGAIN",
]);

/** What pg reports without a code when a socket ends under it, or when its own timer fires. */
const CONNECTION_MESSAGES =
  /^(Connection terminated|Client has encountered a connection error|Client was closed|timeout exceeded when trying to connect|Query read timeout|timeout expired)/;

/** The SQLSTATE, or Node's error code, or null where the error carries neither. */
export function errorCode(error: unknown): string | null {
  if (typeof error !== "object" || error === null || !("code" in error)) return null;
  return typeof error.code === "string" ? error.code : null;
}

/**
 * Whether the database, rather than the statement, is at fault: refused and broken connections, shutdown and start-up
 * (57P01-57P03), exhausted resources (class 53), connection exceptions (class 08), timeouts. The same statement may
 * succeed later; whether it was committed is unknown.
 */
export function isUnavailable(error: unknown): boolean {
  const code = errorCode(error);
  if (code === null) {
    if (error instanceof AggregateError) return error.errors.some(isUnavailable);
    // pg gives these no code; they are its own fixed texts, not the server's.
    return error instanceof Error && CONNECTION_MESSAGES.test(error.message);
  }
  return (
    CONNECTION_CODES.has(code) ||
    UNAVAILABLE_STATES.has(code) ||
    code === QUERY_CANCELED ||
    isSqlStateOfClass(code, "08", "53")
  );
}

/** Whether the values are at fault (class 22 data exceptions, class 23 constraints): the same rows fail again. */
export function isDataError(error: unknown): boolean {
  const code = errorCode(error);
  return code !== null && isSqlStateOfClass(code, "22", "23");
}

/** Whether the transaction lost a race and may simply run again (deadlock, serialization failure). */
export function isRetryable(error: unknown): boolean {
  const code = errorCode(error);
  return code === DEADLOCK_DETECTED || code === SERIALIZATION_FAILURE;
}

function isSqlStateOfClass(code: string, ...classes: string[]): boolean {
  return /^[0-9A-Z]{5}$/.test(code) && classes.includes(code.slice(0, 2));
}

/** Whether a row found no partition of the ledger: a check violation that names no constraint, or no table to copy to. */
export function isMissingPartition(error: unknown): boolean {
  if (errorCode(error) === UNDEFINED_TABLE) return true;
  if (errorCode(error) !== CHECK_VIOLATION) return false;
  return !(error instanceof Error && "constraint" in error && typeof error.constraint === "string");
}
