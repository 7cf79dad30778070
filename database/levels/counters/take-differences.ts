import type { ClientBase } from "pg";
import { requireExact } from "../exact.ts";
import type { MetricPoint } from "../metric-point.ts";
import { counterIncreases } from "./counter-increases.ts";
import type { Increase } from "./counter-increases.ts";
import { lockCounters } from "./lock-counters.ts";
import { readNeighbours } from "./read-neighbours.ts";
import type { Stretch } from "./read-neighbours.ts";
import { amountMaxOf } from "./usage-of-point.ts";

/** What counter points, which this transaction has just inserted, add to the usage of their resources. */
export async function takeDifferences(client: ClientBase, fresh: readonly MetricPoint[]): Promise<Increase[]> {
  if (fresh.length === 0) return [];
  await lockCounters(client, fresh);
  const runs = [...Map.groupBy(fresh, (p) => `${p.tenantId} ${p.stream} ${p.startedAtMicros}`).values()];
  const neighbours = Map.groupBy(await readNeighbours(client, runs.map(stretchOf)), ({ index }) => index);
  return runs.flatMap((run, index) => {
    const freshAt = new Map(run.map((point) => [point.sampledAtMicros, point]));
    const values = (neighbours.get(index) ?? []).map(({ sampledAtMicros, value, isOwn }) => ({
      value,
      fresh: isOwn ? (freshAt.get(sampledAtMicros) ?? null) : null,
    }));
    return counterIncreases(values).map(({ point, amount }) => ({ point, amount: bounded(point, amount) }));
  });
}

function stretchOf(run: readonly MetricPoint[]): Stretch {
  const { tenantId, stream, startedAtMicros } = run[0]!;
  const times = run.map((point) => point.sampledAtMicros);
  return { tenantId, stream, startedAtMicros, firstMicros: Math.min(...times), lastMicros: Math.max(...times) };
}

/** An increase that no single event may claim is refused like a number that does not fit: its point is set aside. */
function bounded({ resource }: MetricPoint, amount: number): number {
  return requireExact(amount <= amountMaxOf(resource) ? amount : Infinity, "increase");
}
