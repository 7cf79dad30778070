import type { Response } from "express";
import type { Pool } from "pg";
import type { Route } from "../http/route.ts";

/** `/healthz`: the process is up. `/readyz`: the database answers and the plans are loaded. Neither needs a key. */
export function healthRoutes(pool: Pool, isPrepared: () => boolean): Route[] {
  const ready = async (res: Response): Promise<void> => {
    const checks = { database: await answers(pool), plans: isPrepared() };
    const isReady = checks.database && checks.plans;
    res.status(isReady ? 200 : 503).json({ status: isReady ? "ready" : "unready", checks });
  };
  return [
    { method: "get", path: "/healthz", kinds: null, handle: (_req, res) => void res.json({ status: "ok" }) },
    { method: "get", path: "/readyz", kinds: null, handle: (_req, res) => ready(res) },
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
