import type { ClientBase, Pool } from "pg";
import { readLevelStandings } from "#database/levels/read-level-standings";
import { readCrossings } from "#database/limits/read-crossings";
import { readRateWindows } from "#database/limits/read-rate-windows";
import { readUnpriced } from "#database/rollups/read-unpriced";
import { readStandings } from "#database/totals/read-standings";
import type { Standing } from "#database/totals/read-standings";
import type { QuotaPeriod } from "../limit.ts";
import { limitName } from "./tenant-facts.ts";
import type { ReadOfTenant } from "./tenant-facts.ts";
import { QUOTA_PERIODS } from "./tenant-needs.ts";
import type { TenantNeeds } from "./tenant-needs.ts";

type Read = Pick<ReadOfTenant, "standings" | "crossedAtMs" | "windows" | "unpriced">;

/**
 * Reads what tenants need, by tenant, in one flight, with the database's clock: it is read last, so
 * nothing is younger than it says.
 */
export async function readNeeds(
  on: ClientBase | Pool,
  needs: readonly TenantNeeds[],
): Promise<{ readonly nowMs: number; readonly tenants: ReadonlyMap<string, Read> }> {
  const windowKeys = needs.flatMap(({ tenantId, windows }) => windows.map((it) => ({ tenantId, ...it })));
  const crossingKeys = needs.flatMap(({ tenantId, crossings, periods }) =>
    crossings.map((it) => ({ tenantId, ...it, startMs: periods[it.period].startMs })),
  );
  const unpricedKeys = needs.flatMap(({ tenantId, unpriced, periods }) =>
    [...unpriced].map((period) => ({ tenantId, period, ...periods[period] })),
  );
  const levelKeys = needs.flatMap(({ tenantId, levels }) => [...levels].map((resource) => ({ tenantId, resource })));
  const ranges = needs.flatMap(({ tenantId, totals, periods }) =>
    QUOTA_PERIODS.flatMap((period) =>
      totals[period].size === 0 ? [] : [{ tenantId, period, ...periods[period], resources: totals[period] }],
    ),
  );
  const [windows, unpriced, crossings, levels, { readAtMs, standings }] = await Promise.all([
    readRateWindows(on, windowKeys),
    readUnpriced(on, unpricedKeys),
    readCrossings(on, crossingKeys),
    readLevelStandings(on, levelKeys),
    readStandings(on, ranges),
  ]);
  const read = new Map(needs.map(({ tenantId }) => [tenantId, nothingRead()]));
  for (const [index, { tenantId, period }] of ranges.entries()) {
    read.get(tenantId)!.standings[period] = standings[index]!;
  }
  for (const [index, { tenantId, resource }] of levelKeys.entries()) {
    const { level, reserved } = levels[index]!;
    read.get(tenantId)!.standings.level.set(resource, { used: level, reserved });
  }
  for (const [index, { tenantId, period }] of unpricedKeys.entries()) {
    read.get(tenantId)!.unpriced.set(period, unpriced[index]!);
  }
  for (const { tenantId, resource, period, crossedAtMs } of crossings) {
    read.get(tenantId)!.crossedAtMs.set(limitName(resource, period), crossedAtMs);
  }
  for (const { tenantId, resource, period, window } of windows) {
    read.get(tenantId)!.windows.set(limitName(resource, period), window);
  }
  return { nowMs: readAtMs, tenants: read };
}

function nothingRead() {
  const standings: Record<QuotaPeriod | "level", Map<string, Standing>> = {
    day: new Map(),
    month: new Map(),
    lifetime: new Map(),
    level: new Map(),
  };
  const unpriced = new Map<QuotaPeriod, number>();
  return { standings, unpriced, crossedAtMs: new Map<string, number>(), windows: new Map() };
}
