import fc from "fast-check";
import type { Pool } from "pg";
import { STREAM_LIVE_MICROS } from "#database/levels/level/fold-level";
import type { MetricPoint, PointKind } from "#database/levels/metric-point";

const MINUTE_MICROS = 60_000_000;
const DAY_MS = 86_400_000;
/** `globex` lives in a zone half an hour off, without daylight saving; everybody else in UTC. */
export const OTHER_ZONE = { tenantId: "globex", zone: "Asia/Kolkata", offsetMs: 19_800_000 };

const STREAMS = ["a", "b", "c"].map((letter) => `${letter.repeat(8)}-0000-4000-8000-000000000000`);

/** Points of a few streams within three days, dense enough that instants, neighbours and days collide. */
export function arbitraryPoint(nowMicros: number): fc.Arbitrary<MetricPoint> {
  const kinds: readonly (readonly [string, PointKind])[] = [
    ["members", "gauge"],
    ["channels", "cumulative"],
    ["storage_bytes", "delta"],
    ["mixed", "gauge"],
    ["mixed", "cumulative"],
    ["mixed", "delta"],
    ["bandwidth", "counter"],
  ];
  return fc
    .record({
      tenantId: fc.constantFrom("acme", "globex"),
      of: fc.constantFrom(...kinds),
      stream: fc.constantFrom(...STREAMS),
      start: fc.constantFrom(0, 1),
      dayBack: fc.integer({ min: 0, max: 2 }),
      minute: fc.integer({ min: 1, max: 12 }),
      value: fc.integer({ min: 0, max: 100 }),
      down: fc.boolean(),
    })
    .map(({ tenantId, of: [resource, kind], stream, start, dayBack, minute, value, down }) => {
      const sampledAtMicros = nowMicros - dayBack * DAY_MS * 1000 - minute * MINUTE_MICROS;
      return {
        tenantId,
        resource,
        kind,
        // Streams of one tenant differ by what they are about.
        stream: stream
          .replace("0000-4", `${resource.length.toString(16).padStart(4, "0")}-4`)
          .replace(/000$/, kind === "gauge" ? "00a" : kind === "delta" ? "00b" : "00c"),
        startedAtMicros: kind === "gauge" ? 0 : (nowMicros - 90 * DAY_MS * 1000) * start,
        sampledAtMicros,
        accountedAtMicros: sampledAtMicros,
        value: kind === "delta" && down ? -value : value,
      };
    });
}

export interface OracleDay {
  value: number;
  highWater: number;
}

/** (tenant resource day) -> the day's last level and high-water mark, each level computed from nothing. */
export function expectedLevelDays(points: readonly MetricPoint[]): Map<string, OracleDay> {
  const days = new Map<string, OracleDay>();
  const levels = Map.groupBy(
    points.filter(({ kind }) => kind !== "counter"),
    ({ tenantId, resource }) => `${tenantId} ${resource}`,
  );
  for (const [level, samples] of levels) {
    const instants = [...new Set(samples.map((sample) => sample.accountedAtMicros))].sort((a, b) => a - b);
    for (const instant of instants) {
      const value = levelAt(instant, samples);
      const offsetMs = level.startsWith(OTHER_ZONE.tenantId) ? OTHER_ZONE.offsetMs : 0;
      const localMs = instant / 1000 + offsetMs;
      const dayStart = new Date(localMs - (localMs % DAY_MS) - offsetMs).toISOString();
      const key = `${level} ${dayStart}`;
      const highWater = Math.max(days.get(key)?.highWater ?? -Infinity, value);
      days.set(key, { value, highWater });
    }
  }
  return inKeyOrder(days);
}

function levelAt(instant: number, all: readonly MetricPoint[]): number {
  const samples = all.filter((sample) => sample.accountedAtMicros <= instant);
  const latest = (a: MetricPoint, b: MetricPoint): number =>
    b.accountedAtMicros - a.accountedAtMicros || (a.stream < b.stream ? 1 : -1);
  const gauge = samples.filter(({ kind }) => kind === "gauge").sort(latest)[0];
  const after = samples.filter((sample) => sample.accountedAtMicros > (gauge?.accountedAtMicros ?? -1));
  const changes = sum(after.filter(({ kind }) => kind === "delta"));
  const parts = after.filter(({ kind }) => kind === "cumulative");
  if (parts.length === 0) return (gauge?.value ?? 0) + changes;
  const lastOfEach = [...Map.groupBy(parts, ({ stream }) => stream).values()].map(
    (stream) =>
      stream.sort((a, b) => b.accountedAtMicros - a.accountedAtMicros || b.startedAtMicros - a.startedAtMicros)[0]!,
  );
  return sum(lastOfEach.filter((part) => part.accountedAtMicros > instant - STREAM_LIVE_MICROS)) + changes;
}

/** (tenant resource) -> what counters have counted: increases between neighbours, a fall being a new beginning. */
export function expectedUsage(points: readonly MetricPoint[]): Map<string, number> {
  const usage = new Map<string, number>();
  const runs = Map.groupBy(
    points.filter(({ kind }) => kind === "counter"),
    ({ tenantId, resource, stream, startedAtMicros }) => `${tenantId} ${resource}|${stream} ${startedAtMicros}`,
  );
  for (const [run, values] of runs) {
    const key = run.slice(0, run.indexOf("|"));
    let before = 0;
    for (const { value } of values.sort((a, b) => a.sampledAtMicros - b.sampledAtMicros)) {
      usage.set(key, (usage.get(key) ?? 0) + (value >= before ? value - before : value));
      before = value;
    }
  }
  return inKeyOrder(new Map([...usage].filter(([, amount]) => amount !== 0)));
}

/** What the database holds, in the oracle's words. */
export async function storedLevelDays(pool: Pool): Promise<Map<string, OracleDay>> {
  const { rows } = await pool.query<{ key: string; value: number; high_water: number }>(`
    select concat_ws(' ', tenant_id, resource,
      to_char(day_start at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')) as key, value, high_water
    from public.usage_levels_daily`);
  return inKeyOrder(new Map(rows.map((row) => [row.key, { value: row.value, highWater: row.high_water }])));
}

export async function storedUsage(pool: Pool): Promise<Map<string, number>> {
  const { rows } = await pool.query<{ key: string; amount: number }>(`
    select concat_ws(' ', tenant_id, resource) as key, used as amount
    from quotel.quota_totals where period = 'lifetime' and used <> 0`);
  return inKeyOrder(new Map(rows.map((row) => [row.key, row.amount])));
}

function sum(points: readonly MetricPoint[]): number {
  return points.reduce((total, point) => total + point.value, 0);
}

function inKeyOrder<T>(entries: Map<string, T>): Map<string, T> {
  return new Map([...entries].sort(([a], [b]) => (a < b ? -1 : 1)));
}
