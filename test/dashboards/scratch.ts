import { Client } from "pg";
import { withThrowawayServer } from "#database/embedded/throwaway";
import { migrate } from "#database/migrate";
import { generatedPanels } from "./panel-query.ts";
import { expandQuery } from "./grafana-query.ts";
await withThrowawayServer(async (url) => {
  await migrate(url);
  const c = new Client({ connectionString: url }); await c.connect();
  await c.query(`insert into quotel.usage_rollups select 't'||t, 'hour', date_trunc('hour', now()) - h * interval '1 hour', e, case e when 'chat' then 'chat_messages' else 'api_calls' end, 'p', case e when 'chat' then 'm' else '' end, date_trunc('month', now()), 10,1,1,10,100,100,0,0,0,0,0,0,1000,0,1000000,100000, array_fill(1, array[60])
   from generate_series(1,300) t, generate_series(0,719) h, unnest(array['chat','api_call']) e`);
  await c.query(`insert into quotel.usage_rollups select 't'||t, 'day', date_trunc('day', now()) - h * interval '1 day', e, case e when 'chat' then 'chat_messages' else 'api_calls' end, 'p', case e when 'chat' then 'm' else '' end, date_trunc('month', now()), 10,1,1,10,100,100,0,0,0,0,0,0,1000,0,1000000,100000, array_fill(1, array[60])
   from generate_series(1,300) t, generate_series(0,29) h, unnest(array['chat','api_call']) e`);
  await c.query("analyze");
  const now = Date.now();
  const context = { from: new Date(now - 30*864e5), to: new Date(now), interval: "1h", variables: { tenant: Array.from({length:300}, (_, i) => `t${i+1}`) } };
  await c.query("set role quotel_reader");
  for (const p of generatedPanels()) for (const t of p.targets) {
    const sql = expandQuery(t.rawSql, context); const s = performance.now(); const r = await c.query(sql);
    console.log(p.title, t.refId, r.rows.length, Math.round(performance.now() - s), "ms");
  }
  const lat = generatedPanels().find(p => p.title.startsWith("API latency"))!.targets[0]!.rawSql;
  console.log((await c.query("explain " + expandQuery(lat, {...context, variables: {tenant: ["t1","t2"]}}))).rows.map((r: any) => r["QUERY PLAN"]).join("\n"));
  await c.end();
});
