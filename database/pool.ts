import { Pool, types } from "pg";
import type { ClientBase, QueryResult, QueryResultRow } from "pg";
import { FlightSocket } from "./flight-socket.ts";

export interface PoolOptions {
  readonly connectionString: string;
  /** Shown in pg_stat_activity, e.g. `quotel-collector`. */
  readonly applicationName: string;
  /** Connections at most. Default 10. */
  readonly max?: number;
  /** Longest wait for a connection, a free one or a new one. Default 3000. */
  readonly connectTimeoutMs?: number;
  /** False (`QUOTEL_PREPARED=off`) sends every statement unnamed, for poolers that cannot keep prepared statements. */
  readonly prepared?: boolean;
  /** Told of errors on idle connections; the next query finds out by itself. */
  readonly onIdleError?: (error: Error) => void;
}

/** One SQL statement. The name, unique per text, lets Postgres keep its plan for the life of a connection. */
export interface Statement {
  readonly name: string;
  readonly text: string;
  readonly values?: readonly unknown[];
}

const OID_INT8 = 20;
const OID_INT8_ARRAY = 1016;

/** Pools and clients whose statements go unnamed. */
const unprepared = new WeakSet<object>();

/**
 * A pool whose `bigint` columns arrive as JS numbers (I5: a value past 2^53-1 throws instead of losing digits). `numeric`
 * stays text, so sums are cast: `sum(amount)::bigint`. Dates are pg's defaults.
 */
export function createPool(options: PoolOptions): Pool {
  const pool = new Pool({
    connectionString: options.connectionString,
    application_name: options.applicationName,
    max: options.max ?? 10,
    connectionTimeoutMillis: options.connectTimeoutMs ?? 3000,
    keepAlive: true,
    // Statements sent without waiting share a flight; see inTransaction.
    pipeline: true,
    stream: () => new FlightSocket(),
    types: { getTypeParser },
  });
  // Without a listener an idle connection's error would end the process.
  pool.on("error", (error) => options.onIdleError?.(error));
  // Nor does the pool listen while a client is out, in a transaction; its statements report the loss to their caller.
  pool.on("connect", (client) => client.on("error", () => {}));
  if (options.prepared === false) {
    unprepared.add(pool);
    pool.on("connect", (client) => unprepared.add(client));
  }
  return pool;
}

/** Runs a statement as a named one, or unnamed where its pool was made with `prepared: false`. */
export function query<Row extends QueryResultRow>(
  on: Pool | ClientBase,
  statement: Statement,
): Promise<QueryResult<Row>> {
  const { name, text, values = [] } = statement;
  return unprepared.has(on)
    ? on.query<Row>({ text, values: [...values] })
    : on.query<Row>({ name, text, values: [...values] });
}

/** Parses a `bigint`; throws RangeError where a JS number cannot hold it exactly. */
export function parseInt8(text: string): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value)) {
    throw new RangeError(`bigint ${text} is beyond 2^53-1 and has no exact JS number`);
  }
  return value;
}

/** Parses a one-dimensional `bigint[]`. */
function parseInt8Array(text: string): (number | null)[] {
  if (text === "{}") return [];
  return text
    .slice(1, -1)
    .split(",")
    .map((item) => (item === "NULL" ? null : parseInt8(item)));
}

function getTypeParser(oid: number, format?: "text" | "binary"): (value: string) => unknown {
  if (format !== "binary" && oid === OID_INT8) return parseInt8;
  if (format !== "binary" && oid === OID_INT8_ARRAY) return parseInt8Array;
  return types.getTypeParser(oid, format ?? "text") as (value: string) => unknown;
}
