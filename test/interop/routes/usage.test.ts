import { expect, test } from "vitest";
import { startCollectorProcess } from "../collector/collector-process.ts";
import { emptyDatabase } from "../collector/empty-database.ts";
import { expectStored } from "../collector/stored-usage.ts";
import { startPython } from "../python/python-program.ts";
import { openRoute, ROUTES } from "./route.ts";

const RESOURCES = ["api_calls", "chat_messages", "embedding_tokens", "embeddings", "tokens"];

test.each(ROUTES)(
  "the totals are exactly what a Python service says its tenants used: $protocol, $through",
  async (route) => {
    const { writerUrl, pool } = await emptyDatabase();
    const { entry, drain } = await openRoute(route, await startCollectorProcess(writerUrl));
    const report = await startPython("usage", entry, route.protocol, ["--requests", "400"]).report;
    await drain();
    expect(report.failedExports).toBe(0);
    expect(Object.keys(report.totals).sort()).toEqual(["acme", "globex", "initech", "umbrella", "unattributed"]);
    for (const used of Object.values(report.totals)) expect(Object.keys(used).sort()).toEqual(RESOURCES);
    await expectStored(report, pool);
  },
);

test.each(ROUTES)(
  "spans that a Python service delivers twice, in other batches and another order, count once: $protocol, $through",
  async (route) => {
    const { writerUrl, pool } = await emptyDatabase();
    const { entry, drain } = await openRoute(route, await startCollectorProcess(writerUrl));
    const report = await startPython("usage", entry, route.protocol, ["--requests", "300", "--redeliver"]).report;
    await drain();
    expect(report.failedExports).toBe(0);
    await expectStored(report, pool);
  },
);
