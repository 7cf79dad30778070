import type { ClientBase } from "pg";
import { accountingPeriods } from "../../periods/period.ts";
import type { Calendars } from "../../tenants/read-calendars.ts";
import { levelKeyText } from "../metric-point.ts";
import type { LevelKey, MetricPoint } from "../metric-point.ts";
import { readLevelPoints } from "../points/read-level-points.ts";
import { foldLevel } from "./fold-level.ts";
import type { LevelDay } from "./fold-level.ts";
import { lockLevels } from "./lock-levels.ts";
import { readLevelDays } from "./read-level-days.ts";
import { writeLevelDays } from "./write-level-days.ts";
import { writeLevels } from "./write-levels.ts";

/** A locked level with its fresh samples, and from when on it has to be folded. */
interface Touched extends LevelKey {
  readonly samples: readonly MetricPoint[];
  /** Start of the day of the earliest late sample; null = all samples are newer than the level. */
  readonly refoldFromMs: number | null;
}

/**
 * Brings levels up to samples that this transaction has just inserted as points. Samples newer than a level are folded
 * onto it; when one is not, the days from its own on are folded again from their points, so that levels and high-water
 * marks come out as if all had arrived in order.
 */
export async function recordSamples(
  client: ClientBase,
  samples: readonly MetricPoint[],
  calendars: Calendars,
): Promise<void> {
  if (samples.length === 0) return;
  const touched = await lockTouched(client, samples, calendars);
  const bases = await readLevelDays(
    client,
    touched.map((level) => ({ ...level, beforeMs: level.refoldFromMs ?? Infinity })),
  );
  const baseOf = new Map(bases.map((base) => [levelKeyText(base), base.day]));
  const again = touched.flatMap((level) =>
    level.refoldFromMs === null ? [] : [{ ...level, fromMs: level.refoldFromMs }],
  );
  const storedOf =
    again.length === 0 ? new Map<string, MetricPoint[]>() : byLevel(await readLevelPoints(client, again));

  const folded = touched.map((level): { key: LevelKey; days: LevelDay[] } => {
    const key = levelKeyText(level);
    const toFold = level.refoldFromMs === null ? level.samples : (storedOf.get(key) ?? []);
    return { key: level, days: foldLevel(baseOf.get(key) ?? null, toFold, calendars.get(level.tenantId) ?? []) };
  });
  await writeLevelDays(
    client,
    folded.flatMap(({ key, days }) => days.map((day) => ({ ...key, day }))),
  );
  await writeLevels(
    client,
    folded.map(({ key, days }) => ({ ...key, day: days.at(-1)! })),
  );
}

async function lockTouched(
  client: ClientBase,
  samples: readonly MetricPoint[],
  calendars: Calendars,
): Promise<Touched[]> {
  const fresh = byLevel(samples);
  const locked = await lockLevels(
    client,
    [...fresh.values()].map((list) => list[0]!),
  );
  return locked.map(({ tenantId, resource, asOfMicros }) => {
    const own = fresh.get(levelKeyText({ tenantId, resource }))!;
    const earliest = own.reduce((least, sample) => Math.min(least, sample.accountedAtMicros), Infinity);
    const { day } = accountingPeriods(Math.floor(earliest / 1000), calendars.get(tenantId) ?? []);
    return { tenantId, resource, samples: own, refoldFromMs: earliest > asOfMicros ? null : day.startMs };
  });
}

function byLevel(points: readonly MetricPoint[]): Map<string, MetricPoint[]> {
  return Map.groupBy(points, levelKeyText);
}
