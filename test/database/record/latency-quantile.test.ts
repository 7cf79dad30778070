import fc from "fast-check";
import { afterAll, expect, test } from "vitest";
import { createPool } from "#database/pool";
import { createTestDatabase } from "../test-database.ts";

const database = await createTestDatabase();
afterAll(database.drop);
const pool = createPool({ connectionString: database.ownerUrl, applicationName: "quantiles" });
afterAll(() => pool.end());

test("quantiles of merged latency histograms are within 5 % of the exact ones", async () => {
  const durations = fc.array(fc.integer({ min: 200, max: 600_000_000 }), { minLength: 1, maxLength: 60 });
  await fc.assert(
    fc.asyncProperty(
      fc.array(durations, { minLength: 1, maxLength: 4 }),
      fc.constantFrom(0.5, 0.95, 0.99),
      async (parts, q) => {
        const { rows } = await pool.query<{ ms: number }>(
          `select quotel.latency_quantile_ms(quotel.sum_arrays(histogram), $2) as ms
          from (
            select quotel.latency_histogram(array_agg(width_bucket(d, quotel.latency_bounds()) + 1)) as histogram
            from jsonb_array_elements($1::jsonb) as parts (part),
              jsonb_array_elements_text(part) as t (text), lateral (select text::bigint as d) as n
            group by part
          ) h`,
          [JSON.stringify(parts), q],
        );
        const all = parts.flat().sort((a, b) => a - b);
        const exactMs = all[Math.ceil(q * all.length) - 1]! / 1000;
        expect(Math.abs(rows[0]!.ms - exactMs) / exactMs).toBeLessThanOrEqual(0.05);
      },
    ),
    { numRuns: 100 },
  );
});
