import { serve } from "@hono/node-server";
import { Hono } from "hono";
import { routePath } from "hono/route";

import { setRoute } from "@quotel/instrumentation";

const app = new Hono();
// As in the package's README.
app.use(async (c, next) => {
  await next();
  setRoute(routePath(c, -1));
});
app.get("/ok/:id", (c) => c.text("ok"));
app.get("/fail", (c) => c.body(null, 503));
app.get("/hang", () => new Promise<Response>(() => {}));
app.route(
  "/orgs/:org",
  new Hono().get("/members/:id", (c) => c.text("ok")),
);

serve({ fetch: app.fetch, port: 0, hostname: "127.0.0.1" }, ({ port }) => console.log(`http://127.0.0.1:${port}`));
