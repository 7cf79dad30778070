/**
 * A small app as its developers write it: Express, JSON in and out, a route with a parameter. What meters or traces it comes
 * by `--import`. Express is required, not imported, because that is what upstream instrumentations patch without a loader.
 * Prints its URL.
 */
import { createRequire } from "node:module";
import type { AddressInfo } from "node:net";
import type createExpress from "express";

const express = createRequire(import.meta.url)("express") as typeof createExpress;

const app = express();
app.set("etag", false);
app.use(express.json());
app.post("/notes/:note/comments", (req, res) => {
  res.json({ note: req.params["note"], length: JSON.stringify(req.body).length });
});
const server = app.listen(0, "127.0.0.1", () => {
  console.log(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
});
process.once("SIGTERM", () => {
  server.close(() => process.exit());
  server.closeAllConnections();
});
