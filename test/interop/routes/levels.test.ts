import { expect, test } from "vitest";
import { startCollectorProcess } from "../collector/collector-process.ts";
import { emptyDatabase } from "../collector/empty-database.ts";
import { storedLevels } from "../collector/stored-levels.ts";
import { startPython } from "../python/python-program.ts";
import { openRoute, ROUTES } from "./route.ts";

test.each(ROUTES)(
  "gauges and up-down counters of two Python processes become exactly what their tenants hold and the most they held: $protocol, $through",
  async (route) => {
    const { writerUrl, pool } = await emptyDatabase();
    const { entry, drain } = await openRoute(route, await startCollectorProcess(writerUrl));
    const report = await startPython("levels", entry, route.protocol).report;
    await drain();
    expect(report.failedExports).toBe(0);
    expect(Object.keys(report.levels)).toHaveLength(3);
    expect(await storedLevels(pool)).toEqual(report.levels);
  },
);
