import { connect } from "../system/connection.ts";
import type { BenchDatabase } from "../system/durable-server.ts";
import { TENANT_IDS } from "./subject.ts";

/**
 * Opens reservations that hold nothing and expire within the hour, evenly over the tenants, as rows: through the service
 * they would take longer than all that is measured. Ends with a vacuum, so that none falls into what is measured.
 */
export async function holdOpen({ adminUrl }: BenchDatabase, count: number): Promise<void> {
  const client = await connect(adminUrl);
  await client.query(
    `insert into quotel.reservations (tenant_id, reservation_id, state, admitted_at, day_start, month_start, expires_at,
       resources, estimates, settled, held, late_after_expiry)
     select ($1::text[])[1 + n % cardinality($1::text[])], gen_random_uuid(), 'open', now(), date_trunc('day', now()),
       date_trunc('month', now()), now() + interval '1 hour' + n * interval '1 millisecond',
       '{tokens}', '{0}', '{0}', '{0}', '{0}'
     from generate_series(1, $2::integer) as n`,
    [TENANT_IDS, count],
  );
  await client.query("vacuum (analyze) quotel.reservations");
  await client.end();
}
