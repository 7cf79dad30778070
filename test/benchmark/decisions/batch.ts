import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { RunOptions } from "../command.ts";
import type { Outcome } from "../comparison/row.ts";
import { median } from "../comparison/rounds.ts";
import { LoadProcess } from "../load/load-process.ts";
import { withDurableServer } from "../system/durable-server.ts";
import { CHECK } from "./endpoints.ts";
import { HEADERS, TENANT_IDS, declareResources, startQuotaService } from "./subject.ts";

const SIZES = { quick: 3, default: 30, full: 200 } as const;
const WARM_UP_ROUNDS = 5;
const TENANTS = 100;
const RESOURCES = 100;
/** A published peer took 12.5 s for as much. */
const MS_MAX = 50;

/**
 * Row `decision-batch`: 100 tenants x 100 resources, each with a limit of its own, until the last decision is here;
 * against 50 ms. The checks of the tenants are sent at once, a request for each; the service answers them from few
 * snapshots.
 */
export async function measureBatch({ size, profileFolder }: RunOptions): Promise<Outcome> {
  const folder = await mkdtemp(join(tmpdir(), "quotel-bench-"));
  const load = new LoadProcess();
  const rounds = await withDurableServer(async (createDatabase) => {
    const service = await startQuotaService((await createDatabase("ours")).writerUrl, folder, profileFolder);
    try {
      const resources = await declareResources(service.url, RESOURCES);
      const items = resources.map((resource) => ({ resource, amount: 1 }));
      const bodies = TENANT_IDS.filter((id) => id.startsWith("roomy"))
        .slice(0, TENANTS)
        .map((tenantId) => Buffer.from(JSON.stringify({ tenantId, items })));
      const url = `${service.url}${CHECK.path}`;
      const milliseconds: number[] = [];
      for (let round = -WARM_UP_ROUNDS; round < SIZES[size]; round++) {
        const sent = { url, headers: HEADERS, connections: TENANTS, bodies, renewed: null, until: "all_sent" } as const;
        const { seconds, statuses } = await load.run(sent);
        if (statuses[200] !== TENANTS) throw new Error(`answers by status ${JSON.stringify(statuses)}`);
        if (round >= 0) milliseconds.push(seconds * 1000);
      }
      return milliseconds;
    } finally {
      load.stop();
      await service.stop();
      await rm(folder, { recursive: true });
    }
  });
  const value = Number(median(rounds).toFixed(1));
  return {
    rows: [{ id: "decision-batch", unit: "ms", value, baseline: MS_MAX, goal: { atMost: 1 } }],
    notes: [`decision-batch: best ${Math.min(...rounds).toFixed(1)} ms of ${rounds.length}`],
  };
}
