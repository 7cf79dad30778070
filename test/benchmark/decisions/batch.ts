import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { RunOptions } from "../command.ts";
import type { Outcome } from "../comparison/row.ts";
import { median } from "../comparison/rounds.ts";
import { LoadProcess } from "../load/load-process.ts";
import { withDurableServer } from "../system/durable-server.ts";
import { HEADERS, TENANT_IDS, declareResources, startQuotaService } from "./subject.ts";

const SIZES = { quick: 3, default: 30, full: 200 } as const;
/** A service that runs has compiled what it does all day: as for the other decisions, some three seconds of it. */
const WARM_UP_ROUNDS = 40;
const TENANTS = 100;
const RESOURCES = 100;
/** A published peer took 12.5 s for as much. */
const MS_MAX = 50;

/**
 * Row `decision-batch`: one request for 100 tenants x 100 resources, each with a limit of its own, until its answer is
 * here; against 50 ms.
 */
export async function measureBatch({ size, profileFolder }: RunOptions): Promise<Outcome> {
  const folder = await mkdtemp(join(tmpdir(), "quotel-bench-"));
  const load = new LoadProcess();
  const rounds = await withDurableServer(async (createDatabase) => {
    const service = await startQuotaService((await createDatabase("ours")).writerUrl, folder, profileFolder);
    try {
      const resources = await declareResources(service.url, RESOURCES);
      const items = resources.map((resource) => ({ resource, amount: 1 }));
      const tenants = TENANT_IDS.filter((id) => id.startsWith("roomy")).slice(0, TENANTS);
      const bodies = [Buffer.from(JSON.stringify({ checks: tenants.map((tenantId) => ({ tenantId, items })) }))];
      const url = `${service.url}/v1/quota/check/batch`;
      const milliseconds: number[] = [];
      for (let round = -WARM_UP_ROUNDS; round < SIZES[size]; round++) {
        const sent = { url, headers: HEADERS, connections: 1, bodies, renewed: null, until: "all_sent" } as const;
        const { seconds, statuses } = await load.run(sent);
        if (statuses[200] !== 1) throw new Error(`answers by status ${JSON.stringify(statuses)}`);
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
