import type { Pool } from "pg";
import { ok } from "../http/answer.ts";
import type { Answer } from "../http/answer.ts";
import type { Route } from "../http/route.ts";
import type { Metrics } from "./metrics.ts";

/**
 * `/healthz`: the process is up. `/readyz`: the database answers and the plans are loaded. `/metrics`: for Prometheus. None
 * needs a key, and none says anything of a tenant.
 */
export function healthRoutes(pool: Pool, metrics: Metrics, isPrepared: () => boolean): Route[] {
  const ready = async (): Promise<Answer> => {
    const checks = { database: await answers(pool), plans: isPrepared() };
    const isReady = checks.database && checks.plans;
    return isReady ? ok({ status: "ready", checks }) : { status: 503, body: { status: "unready", checks } };
  };
  return [
    { method: "get", path: "/healthz", kinds: null, handle: () => ok({ status: "ok" }) },
    { method: "get", path: "/readyz", kinds: null, handle: ready },
    { method: "get", path: "/metrics", kinds: null, handle: () => metrics.answer() },
  ];
}

async function answers(pool: Pool): Promise<boolean> {
  try {
    await pool.query("select 1");
    return true;
  } catch {
    return false;
  }
}
