import type { Metrics } from "./metrics.ts";

/** What a GET of one path is answered with. */
export interface Page {
  readonly status: number;
  readonly contentType: string;
  readonly body: string;
}

export type Pages = ReadonlyMap<string, () => Promise<Page>>;

/**
 * The pages for operators. `/healthz`: the process is up. `/readyz`: usage may be sent here, else why not. `/metrics`: for
 * Prometheus. They need no key and say nothing of any tenant.
 *
 * @param problems why usage should not be sent here; rejects when that cannot be found out
 */
export function createPages(metrics: Metrics, problems: () => Promise<readonly string[]>): Pages {
  return new Map([
    ["/healthz", () => Promise.resolve(json(200, { status: "ok" }))],
    [
      "/readyz",
      async () => {
        const reasons = await problems().catch(() => ["readiness could not be found out"]);
        return reasons.length === 0 ? json(200, { status: "ok" }) : json(503, { status: "unavailable", reasons });
      },
    ],
    ["/metrics", async () => ({ status: 200, contentType: metrics.contentType, body: await metrics.text() })],
  ]);
}

function json(status: number, body: object): Page {
  return { status, contentType: "application/json", body: JSON.stringify(body) };
}
