import type { Pool } from "pg";
import { recordPoints } from "#database/levels/record-points";
import { inTransaction } from "#database/transaction";

/** Records a sample of a tenant's level. */
export async function sampleLevel(
  pool: Pool,
  tenantId: string,
  resource: string,
  value: number,
  takenAtMs = Date.now(),
): Promise<void> {
  const atMicros = takenAtMs * 1000;
  const stream = "00000001-0000-4000-8000-000000000000";
  const at = { startedAtMicros: 0, sampledAtMicros: atMicros, accountedAtMicros: atMicros };
  const point = { tenantId, resource, kind: "gauge" as const, stream, ...at, value };
  await inTransaction(pool, (client) =>
    recordPoints(client, [{ point, producerId: "test", receivedAtMicros: atMicros }]),
  );
}
