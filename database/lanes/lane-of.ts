/**
 * How many lanes there are. A process writes for all of them in one thread, so two keep the database at work while it makes
 * the next group; with more, groups would be smaller and share their statements among fewer requests (with four, ingest
 * took 1.15 times as long). More throughput than that needs more processes, whose lanes are the same.
 */
const LANE_COUNT = 2;

/** The lane of a tenant: FNV-1a over its UTF-16 units. Transactions hold tenants of one lane only. */
export function laneOf(tenantId: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < tenantId.length; i++) {
    hash = Math.imul(hash ^ tenantId.charCodeAt(i), 0x01000193);
  }
  return (hash >>> 0) % LANE_COUNT;
}
