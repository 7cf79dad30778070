import { withDurableServer } from "./system/durable-server.ts";
import { createPool } from "#database/pool";
import { inTransaction } from "#database/transaction";
import { recordEvents } from "#database/record/record-events";
import { ensurePartitions } from "#database/record/ensure-partitions";
import { KnownTenants } from "#database/tenants/known-tenants";
import { generatedRequest, encode } from "./spans/otlp-encoder.ts";
import { realisticRequest } from "./spans/realistic-spans.ts";
import { ProtobufTraceDecoder } from "../../collector/decode/protobuf-traces.ts";
import { KeyTable } from "../../collector/decode/key-table.ts";
import { READ_ATTRIBUTES } from "../../collector/normalise/attribute-names.ts";
import { normalise } from "../../collector/normalise/normalise.ts";
import { laneOf } from "#database/lanes/lane-of";
await withDurableServer(async (create) => {
  const db = await create("s");
  const pool = createPool({ connectionString: db.writerUrl, applicationName: "x", max: 2 });
  await ensurePartitions(pool, new Date(Date.now()-86400000).toISOString().slice(0,10), new Date(Date.now()+86400000).toISOString().slice(0,10));
  const g = await generatedRequest();
  const dec = new ProtobufTraceDecoder(new KeyTable(READ_ATTRIBUTES));
  const GROUPS = 24, PER = 8;
  const times = new Map<string, number[]>();
  const groups: any[][] = [];
  const base = BigInt(Date.now() - 90000) * 1000000n;
  for (let q = 0; q < GROUPS; q++) {
    const evs: any[] = [];
    for (let i = 0; i < PER * 1; i++) for (const sp of dec.decode(encode(g, realisticRequest(4000, q * 100 + i, base)) as any)) {
      const n = normalise(sp, { tenants: null }, Date.now() * 1000);
      if (n.kind === "event" && laneOf(n.event.tenantId) === 0) evs.push({ event: n.event, producerId: "ingest", receivedAtMicros: Date.now() * 1000 });
      if (evs.length >= 1000) break;
    }
    groups.push(evs);
  }
  const kt = new KnownTenants(pool, "trial");
  await kt.ensure([...new Set(groups.flat().map((e: any) => e.event.tenantId))], "k");
  let cpu0 = process.cpuUsage(); const t00 = performance.now(); let n = 0;
  for (let q = 0; q < GROUPS; q++) {
    if (q === 8) { times.clear(); cpu0 = process.cpuUsage(); n = 0; }
    const t0 = performance.now();
    await inTransaction(pool, async (client) => {
      const wrap: any = Object.create(client);
      wrap.query = async (s: any, v: any) => { const a = performance.now(); const u = process.cpuUsage().user; const r = await (client as any).query(s, v); const k = s.name ?? s; if (!times.has(k)) times.set(k, []); times.get(k)!.push(performance.now() - a); const kk = k + " (node cpu)"; if (!times.has(kk)) times.set(kk, []); times.get(kk)!.push((process.cpuUsage().user - u)/1000); return r; };
      await recordEvents(wrap, groups[q]!);
    });
    n += groups[q]!.length;
    (times.get("TOTAL") ?? times.set("TOTAL", []).get("TOTAL")!).push(performance.now() - t0);
  }
  const cpu = process.cpuUsage(cpu0);
  console.log("group size", groups[9]!.length, "node cpu us/event", ((cpu.user + cpu.system) / n).toFixed(1));
  for (const [k, v] of times) { const s = v.toSorted((a, b) => a - b); console.log(k.padEnd(40), (s[s.length >> 1]!).toFixed(2), "ms"); }
  const r = await pool.query("select count(*), count(distinct tenant_id) t from quotel.usage_rollups"); console.log(r.rows);
  await pool.end();
});
