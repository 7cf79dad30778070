/** How many lanes there are. Fixed for the life of a database: on Citus it is the shard layout. */
export const LANE_COUNT = 4;

/** The lane of a tenant: FNV-1a over its UTF-16 units. Transactions hold tenants of one lane only. */
export function laneOf(tenantId: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < tenantId.length; i++) {
    hash = Math.imul(hash ^ tenantId.charCodeAt(i), 0x01000193);
  }
  return (hash >>> 0) % LANE_COUNT;
}
